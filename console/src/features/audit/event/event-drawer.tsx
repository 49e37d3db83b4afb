import { Button, Drawer, Group, Skeleton, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Code } from '../../../shared/code.tsx'
import { Empty } from '../../../shared/empty.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { audit as t } from '../../../texts/audit.ts'
import { common } from '../../../texts/common.ts'
import { type AuditEvent, requestQuery } from '../queries.ts'
import { Changes } from './changes.tsx'
import classes from './event.module.css'
import { EventFacts } from './facts.tsx'
import { isExplained, linkOf, titleOf } from './words.ts'

interface Props {
  /** The request id and the number of the event, such as `0193…/4711`. */
  readonly link: string
  readonly listed: readonly AuditEvent[] | undefined
  readonly onClose: () => void
}

/** One event in full. A link to it works even if the list does not hold it. */
export function EventDrawer({ link, listed, onClose }: Props) {
  const [requestId = '', seq] = link.split('/')
  const isThis = (event: AuditEvent) => String(event.seq) === seq
  const known = listed?.find(isThis)
  const { data, error, isLoading } = useQuery({
    ...requestQuery(requestId),
    enabled: known === undefined && requestId !== '',
  })
  const event = known ?? data?.items.find(isThis) ?? (seq === undefined ? data?.items[0] : undefined)
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="34rem"
      title={event === undefined ? t.detail : titleOf(event)}
    >
      {event !== undefined ? (
        <Content event={event} listed={listed} />
      ) : error !== null ? (
        <Failure error={error} />
      ) : isLoading ? (
        <Skeleton height={240} aria-label={common.loading} />
      ) : (
        <Empty title={t.notFound}>{t.notFoundLead}</Empty>
      )}
    </Drawer>
  )
}

function Content({ event, listed = [] }: { readonly event: AuditEvent; readonly listed: Props['listed'] }) {
  const place = listed.findIndex(({ seq }) => seq === event.seq)
  const neighbour = (offset: number) => (place < 0 ? undefined : listed[place + offset])
  const { request_id: id, changes } = event
  return (
    <Stack gap="lg">
      <Group gap="xs">
        {isExplained(event) && (
          <Button
            size="xs"
            renderRoot={(props) => (
              <Link {...props} to="." search={(before) => ({ ...before, dialog: undefined, why: id })} />
            )}
          >
            {t.why}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          renderRoot={(props) => <Link {...props} to="/audit" search={{ request_id: id }} />}
        >
          {t.sameRequest}
        </Button>
        <Group gap="xs" ml="auto">
          <Neighbour event={neighbour(-1)}>{t.previous}</Neighbour>
          <Neighbour event={neighbour(1)}>{t.next}</Neighbour>
        </Group>
      </Group>
      <EventFacts event={event} />
      {changes !== undefined && changes.things.length > 0 && (
        <section className={classes['part']}>
          <h2>{t.changes}</h2>
          <Changes changes={changes} />
        </section>
      )}
      <section className={classes['part']}>
        <h2>{t.raw}</h2>
        <Code of={t.raw} wraps>
          {JSON.stringify(event, null, 2)}
        </Code>
      </section>
    </Stack>
  )
}

const Neighbour = ({ event, children }: { readonly event: AuditEvent | undefined; readonly children: string }) =>
  event !== undefined && (
    <Button
      size="xs"
      variant="subtle"
      renderRoot={(props) => (
        <Link
          {...props}
          to="."
          search={(before) => ({ ...before, dialog: linkOf(event) })}
          replace
          resetScroll={false}
        />
      )}
    >
      {children}
    </Button>
  )
