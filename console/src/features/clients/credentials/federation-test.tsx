import { Button, Stack, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, read } from '../../../api/client.ts'
import { Failure } from '../../../shared/failure.tsx'
import { Comparison } from '../../../shared/federation.tsx'
import { Section, Sheet } from '../../../shared/page.tsx'
import { credentials as t } from '../../../texts/credentials.ts'

/** Says which credential of a client a pasted token matches, and why it does not match the others. */
export function FederationTest({ clientId }: { readonly clientId: string }) {
  const [token, setToken] = useState('')
  const test = useMutation({
    mutationFn: () => read(api.POST('/api/v1/lab/federation', { body: { client_id: clientId, token: token.trim() } })),
  })
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
            <div role="status">{test.data !== undefined && <Comparison of={test.data} />}</div>
          </Stack>
        </form>
      </Sheet>
    </Section>
  )
}
