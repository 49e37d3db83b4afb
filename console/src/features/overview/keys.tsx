import { useQuery } from '@tanstack/react-query'
import { Instant } from '../../shared/instant.tsx'
import { KeyState, keysQuery } from '../../shared/keys.tsx'
import { overview as t } from '../../texts/overview.ts'
import { Panel, Rows } from './panel.tsx'

/** The keys that sign and seal tokens, and their dates. */
export function Keys() {
  const query = useQuery(keysQuery)
  return (
    <Panel title={t.keys} query={query} height="5rem" nothing={() => false}>
      {({ items }) => (
        <Rows label={t.keys} heads={[t.algorithm, t.state, t.activeFrom, t.goneAt]}>
          {items.map((key) => (
            <tr key={key.kid}>
              <td>{key.algorithm ?? '–'}</td>
              <td>
                <KeyState item={key} />
              </td>
              <td>
                <Instant at={key.active_at} never="–" />
              </td>
              <td>
                <Instant at={key.gone_at} never={t.notPlanned} />
              </td>
            </tr>
          ))}
        </Rows>
      )}
    </Panel>
  )
}
