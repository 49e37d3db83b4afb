import { Button } from '@mantine/core'
import { useState } from 'react'
import { why as t } from '../../texts/why.ts'
import { Code } from '../code.tsx'
import { Application } from './application.tsx'
import type { Explanation, Remedy } from './explanation.ts'
import classes from './why.module.css'

/** A step that mends the cause: its text to copy, and a button if the console can do it. */
export function RemedyStep({ remedy, about }: { readonly remedy: Remedy; readonly about: Explanation }) {
  const { text, kind, value, action } = remedy
  const [isOpen, setOpen] = useState(false)
  return (
    <li>
      <p>{text}</p>
      <div className={classes['kind']}>
        <span>{t.kinds[kind]}</span>
        {action !== undefined && !isOpen && (
          <Button size="compact-sm" variant="light" onClick={() => setOpen(true)}>
            {t.apply}
          </Button>
        )}
      </div>
      <Code of={`${t.remedyText}: ${text}`} wraps>
        {value}
      </Code>
      {action !== undefined && isOpen && <Application action={action} about={about} onClose={() => setOpen(false)} />}
    </li>
  )
}
