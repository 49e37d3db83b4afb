import { Button, Group } from '@mantine/core'
import { CopyButton } from '../../shared/copy.tsx'
import { Section } from '../../shared/page.tsx'
import { ShownOnce } from '../../shared/shown-once.tsx'
import { plans as t } from '../../texts/plans.ts'
import type { Applied } from './plan.ts'
import { Steps } from './steps.tsx'

/** An applied plan, with the secrets that it made. They leave the page with it. */
export function Done({ applied, onDone }: { readonly applied: Applied; readonly onDone: () => void }) {
  const changed = applied.steps.filter(({ action }) => action !== 'unchanged')
  const secrets = applied.secrets?.map(({ client_id: id, label, secret }) => [`${id} / ${label}`, secret] as const)
  const changes = (
    <Section title={t.changes}>
      <Steps steps={changed} />
    </Section>
  )
  if (secrets === undefined || secrets.length === 0)
    return (
      <>
        {changes}
        <Group>
          <Button onClick={onDone}>{t.done}</Button>
        </Group>
      </>
    )
  return (
    <ShownOnce
      things={secrets.map(([name, secret]) => [name, `${name}\n${secret}`])}
      texts={t.secrets}
      ways={
        <CopyButton value={secrets.map(([name, secret]) => `${name}\n${secret}\n`).join('\n')}>
          {t.secrets.copy}
        </CopyButton>
      }
      onKept={onDone}
    >
      {changes}
    </ShownOnce>
  )
}
