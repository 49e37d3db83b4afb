import { Button, Stack, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, read } from '../../../api/client.ts'
import { Failure } from '../../../shared/failure.tsx'
import { Section, Sheet } from '../../../shared/page.tsx'
import { Status } from '../../../shared/status.tsx'
import { Checks } from '../../../shared/why/checks.tsx'
import { credentials as t } from '../../../texts/credentials.ts'

/** Says which credential of a client a pasted token matches, and why it does not match the others. */
export function FederationTest({ clientId }: { readonly clientId: string }) {
  const [token, setToken] = useState('')
  const test = useMutation({
    mutationFn: () => read(api.POST('/api/v1/lab/federation', { body: { client_id: clientId, token: token.trim() } })),
  })
  const { data } = test
  return (
    <Section title={t.test} lead={t.testLead}>
      <Sheet>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            test.mutate()
          }}
        >
          <Stack gap="sm">
            <Textarea
              label={t.token}
              autosize
              minRows={3}
              maxRows={8}
              spellCheck={false}
              autoComplete="off"
              placeholder="eyJ…"
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
            />
            <Button type="submit" w="fit-content" loading={test.isPending} disabled={token.trim() === ''}>
              {t.check}
            </Button>
            {test.error !== null && <Failure error={test.error} />}
            <div role="status">
              {data !== undefined &&
                (data.match === undefined ? (
                  <>
                    <Status kind="bad">{t.matchesNone}</Status>
                    {data.refusal !== undefined && <p>{data.refusal.meaning}</p>}
                  </>
                ) : (
                  <Status kind="good">
                    {data.match.client_id === clientId
                      ? t.matches(data.match.credential)
                      : t.matchesOther(data.match.client_id)}
                  </Status>
                ))}
            </div>
            {data?.credentials.map((one) => (
              <Stack key={`${one.client_id} ${one.credential}`} gap="xs">
                <strong>{one.credential}</strong>
                <Checks of={one.checks} />
              </Stack>
            ))}
          </Stack>
        </form>
      </Sheet>
    </Section>
  )
}
