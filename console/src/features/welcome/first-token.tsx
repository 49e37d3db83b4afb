import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import { Problem } from '../../api/problem.ts'
import { Failure } from '../../shared/failure.tsx'
import { Sheet } from '../../shared/page.tsx'
import { TokenView } from '../../shared/token-view.tsx'
import { WhyLink } from '../../shared/why/why-link.tsx'
import { welcome as t } from '../../texts/welcome.ts'
import type { MadeClient } from './first-client.tsx'

/** Other servers, and other parts of this one, know a new client within a second. */
const TRIES = 5
const PAUSE_MS = 400

/** Gets a token here and now, and takes it apart. */
export function FirstToken({ made }: { readonly made: MadeClient }) {
  const getting = useMutation({ mutationFn: () => getToken(made) })
  return (
    <>
      <div>
        <Button onClick={() => getting.mutate()} loading={getting.isPending}>
          {t.tryHere}
        </Button>
      </div>
      {getting.error !== null && <Failure error={getting.error} />}
      {getting.data?.token === undefined && getting.data !== undefined && (
        <p>
          {t.refused} <WhyLink request={getting.data.requestId} />
        </p>
      )}
      {getting.data?.token !== undefined && (
        <Sheet>
          <TokenView token={getting.data.token} />
        </Sheet>
      )}
    </>
  )
}

interface Got {
  /** Undefined if the request was refused. */
  readonly token: string | undefined
  readonly requestId: string
}

async function getToken({ clientId, secret, scope, api: resource }: MadeClient): Promise<Got> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { response, request_id: requestId } = await read(
        api.POST('/api/v1/lab/token-requests', {
          body: {
            client_id: clientId,
            method: 'client_secret_basic',
            client_secret: secret,
            scope,
            resource: [resource],
          },
        }),
      )
      const { access_token: token } = Object(JSON.parse(response.body)) as { readonly access_token?: string }
      if (token !== undefined || tries === TRIES) return { token, requestId }
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404) || tries === TRIES) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
