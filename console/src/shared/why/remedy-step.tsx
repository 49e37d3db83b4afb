import { Button } from '@mantine/core'
import { useState } from 'react'
import { useMay } from '../../api/me.ts'
import { common } from '../../texts/common.ts'
import { why as t } from '../../texts/why.ts'
import { Code } from '../code.tsx'
import { Application } from './application.tsx'
import type { Action, Explanation, Remedy } from './explanation.ts'
import { operations } from './operations.ts'
import classes from './why.module.css'

interface Props {
  readonly remedy: Remedy
  readonly about: Explanation
}

/** A step that mends the cause: its text to copy, and a button if the console can do it. */
export function RemedyStep({ remedy: { text, kind, value, action }, about }: Props) {
  const [isOpen, setOpen] = useState(false)
  return (
    <li>
      <p>{text}</p>
      <div className={classes['kind']}>
        <span>{t.kinds[kind]}</span>
        {action !== undefined && !isOpen && <Apply action={action} onOpen={() => setOpen(true)} />}
      </div>
      <Code of={`${t.remedyText}: ${text}`} wraps>
        {value}
      </Code>
      {action !== undefined && isOpen && <Application action={action} about={about} onClose={() => setOpen(false)} />}
    </li>
  )
}

function Apply({ action, onOpen }: { readonly action: Action; readonly onOpen: () => void }) {
  const may = useMay()
  const operation = operations[action.operation]
  if (operation === undefined) return null
  const isAllowed = may(operation.may, 'anything')
  return (
    <Button
      size="compact-sm"
      variant="light"
      disabled={!isAllowed}
      title={isAllowed ? undefined : common.notAllowed}
      onClick={onOpen}
    >
      {t.apply}
    </Button>
  )
}
