import { Drawer, Skeleton, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { isMissing } from '../../api/problem.ts'
import { common } from '../../texts/common.ts'
import { why as t } from '../../texts/why.ts'
import { Empty } from '../empty.tsx'
import { Failure } from '../failure.tsx'
import { Explained } from './explained.tsx'
import { explanationQuery } from './explanation.ts'

/** Explains the request that the address names, as in `?why=0192…`. */
export function WhyDrawer() {
  const { why } = useSearch({ strict: false })
  const navigate = useNavigate()
  const close = () =>
    void navigate({ to: '.', search: (before) => ({ ...before, why: undefined }), replace: true, resetScroll: false })
  return (
    <Drawer opened={why !== undefined} onClose={close} position="right" size="min(38rem, 100vw)" title={t.title}>
      {why !== undefined && <WhyOf request={why} />}
    </Drawer>
  )
}

function WhyOf({ request }: { readonly request: string }) {
  const { data, error, refetch } = useQuery(explanationQuery(request))
  if (data === undefined) {
    if (isMissing(error)) return <Empty title={t.nothing}>{sentence(error.detail)}</Empty>
    if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />
    return (
      <Stack role="status" aria-label={common.loading}>
        {['45%', '85%', '100%', '100%', '70%'].map((width, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they never change
          <Skeleton key={index} h={index < 2 ? 22 : 48} w={width} />
        ))}
      </Stack>
    )
  }
  return (
    <Stack gap="xl">
      {data.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the events of a request keep their order
        <Explained key={index} about={one} />
      ))}
    </Stack>
  )
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
