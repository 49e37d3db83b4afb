import { Alert, Button, Checkbox, CloseButton, FileButton, Group, Stack, Textarea } from '@mantine/core'
import { useState } from 'react'
import { Icon } from '../../shared/icon.tsx'
import { plans as t } from '../../texts/plans.ts'
import { type Given, LONGEST } from './plan.ts'
import classes from './plans.module.css'

const PASTED = 'manifest.yaml'

interface Props {
  readonly given: Given
  readonly onChange: (given: Given) => void
  readonly isBusy: boolean
  readonly onPlan: () => void
}

/** The manifest: files that are dropped or chosen, or a pasted text. */
export function Intake({ given, onChange, isBusy, onPlan }: Props) {
  const [unread, setUnread] = useState<string>()
  const [isOver, setOver] = useState(false)
  const pasted = given.files.find(({ name }) => name === PASTED)?.content ?? ''
  const length = given.files.reduce((sum, { content }) => sum + content.length, 0)
  const put = (files: Given['files']) => {
    const names = new Set(files.map(({ name }) => name))
    const kept = given.files.filter(({ name }) => !names.has(name))
    onChange({ ...given, files: [...kept, ...files].filter(({ content }) => content !== '') })
  }
  const add = async (chosen: readonly globalThis.File[]) => {
    setUnread(undefined)
    const files = chosen.map(async (file) => {
      // A file of another kind is refused before it fills the memory.
      const content = file.size > 4 * LONGEST ? '\0' : await file.text()
      if (content.includes('\0')) setUnread(file.name)
      return { name: file.webkitRelativePath || file.name, content }
    })
    put((await Promise.all(files)).filter(({ content }) => !content.includes('\0')))
  }
  return (
    <form
      className={classes['intake']}
      onSubmit={(event) => {
        event.preventDefault()
        onPlan()
      }}
    >
      <fieldset
        className={classes['drop']}
        data-over={isOver || undefined}
        aria-label={t.files}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          void add([...event.dataTransfer.files])
        }}
      >
        <Icon name="file" size={22} />
        <p>{t.drop}</p>
        <FileButton multiple accept=".yaml,.yml,.json" onChange={(files) => void add(files)}>
          {(props) => (
            <Button {...props} variant="default">
              {t.choose}
            </Button>
          )}
        </FileButton>
        {given.files.some(({ name }) => name !== PASTED) && (
          <ul>
            {given.files.flatMap(({ name, content }) =>
              name === PASTED ? (
                []
              ) : (
                <li key={name}>
                  <code>{name}</code> <span>{content.split('\n').length}</span>
                  <CloseButton size="sm" aria-label={t.remove(name)} onClick={() => put([{ name, content: '' }])} />
                </li>
              ),
            )}
          </ul>
        )}
      </fieldset>
      {unread !== undefined && (
        <Alert color="brick" role="alert">
          {t.notText(unread)}
        </Alert>
      )}
      <Textarea
        label={t.paste}
        description={t.noSecrets}
        placeholder={t.pastePlaceholder}
        value={pasted}
        onChange={(event) => put([{ name: PASTED, content: event.currentTarget.value }])}
        rows={12}
        classNames={{ input: classes['text'] ?? '' }}
        spellCheck={false}
        autoComplete="off"
        error={length > LONGEST && t.tooLarge}
      />
      <Stack gap="xs">
        <Checkbox
          label={t.prune}
          checked={given.prune}
          onChange={(event) => onChange({ ...given, prune: event.currentTarget.checked })}
        />
        <Checkbox
          label={t.takeOver}
          checked={given.takeOver}
          onChange={(event) => onChange({ ...given, takeOver: event.currentTarget.checked })}
        />
      </Stack>
      <Group>
        <Button type="submit" loading={isBusy} disabled={length === 0 || length > LONGEST}>
          {t.plan}
        </Button>
      </Group>
    </form>
  )
}
