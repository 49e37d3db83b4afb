import { Button, Group } from '@mantine/core'
import { Code } from '../../shared/code.tsx'
import { Section } from '../../shared/page.tsx'
import { plans as t } from '../../texts/plans.ts'
import type { Applied } from './plan.ts'
import { Steps } from './steps.tsx'

/** An applied plan, with the secrets that it made. They leave the page with it. */
export function Done({ applied, onDone }: { readonly applied: Applied; readonly onDone: () => void }) {
  const changed = applied.steps.filter(({ action }) => action !== 'unchanged')
  return (
    <>
      {applied.secrets !== undefined && (
        <Section title={t.secretsTitle} lead={t.secretsLead}>
          {applied.secrets.map(({ client_id: id, label, secret }) => (
            <Code key={`${id} ${label}`} of={`${id} / ${label}`} wraps>
              {`${id} / ${label}\n${secret}`}
            </Code>
          ))}
        </Section>
      )}
      <Section title={t.changes}>
        <Steps steps={changed} />
      </Section>
      <Group>
        <Button onClick={onDone}>{t.done}</Button>
      </Group>
    </>
  )
}
