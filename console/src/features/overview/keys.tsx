import { useQuery } from '@tanstack/react-query'
import { Instant } from '../../shared/instant.tsx'
import { Status, type StatusKind } from '../../shared/status.tsx'
import { overview as t } from '../../texts/overview.ts'
import { Panel, Rows } from './panel.tsx'
import { keysQuery } from './queries.ts'

const KINDS: Readonly<Record<string, StatusKind>> = { active: 'good', revoked: 'bad' }

/** The keys that sign and seal tokens, and their dates. */
export function Keys() {
  const query = useQuery(keysQuery)
  return (
    <Panel title={t.keys} query={query} height="5rem" nothing={() => false}>
      {({ items }) => (
        <Rows label={t.keys} heads={[t.algorithm, t.state, t.activeFrom, t.goneAt]}>
          {items.map(({ kid, algorithm, state = 'unreadable', active_at: activeAt, gone_at: goneAt }) => (
            <tr key={kid}>
              <td>{algorithm ?? '–'}</td>
              <td>
                <Status kind={KINDS[state] ?? 'quiet'}>{state}</Status>
              </td>
              <td>
                <Instant at={activeAt} never="–" />
              </td>
              <td>
                <Instant at={goneAt} never={t.notPlanned} />
              </td>
            </tr>
          ))}
        </Rows>
      )}
    </Panel>
  )
}
