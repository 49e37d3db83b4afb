import { Select, Tabs, VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import { snippets as t } from '../../texts/snippets.ts'
import { Code } from '../code.tsx'
import classes from './snippets.module.css'
import { snippetsFor } from './snippets.ts'
import type { SnippetId, Target } from './target.ts'

interface Props {
  readonly target: Target
  /** The snippet that fits best where the client runs. */
  readonly first?: SnippetId | undefined
}

/** Snippets that get a token, a tab for each language; a list of choices where the page is narrow. */
export function SnippetTabs({ target, first }: Props) {
  const all = snippetsFor(target, first)
  const [chosen, setChosen] = useState<string | null>(null)
  const present = all.find((one) => one.id === chosen) ?? all[0]
  if (present === undefined) return null
  return (
    <div className={classes['snippets']}>
      <Select
        className={classes['choice']}
        aria-label={t.language}
        allowDeselect={false}
        data={all.map(({ id, title }) => ({ value: id, label: title }))}
        value={present.id}
        onChange={setChosen}
      />
      <Tabs value={present.id} onChange={setChosen} keepMounted={false}>
        <Tabs.List className={classes['tabs']} aria-label={t.language}>
          {all.map(({ id, title }) => (
            <Tabs.Tab key={id} value={id}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {all.map(({ id, title, file, before, text }) => (
          <Tabs.Panel key={id} value={id} pt="sm">
            <p className={classes['file']}>
              <VisuallyHidden>{title}: </VisuallyHidden>
              <code>{file}</code>
              {before !== undefined && (
                <span>
                  {t.needs} <code>{before}</code>
                </span>
              )}
            </p>
            <Code of={t.snippet(title)}>{text}</Code>
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  )
}
