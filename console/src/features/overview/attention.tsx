import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import { nodesQuery } from '../../shared/nodes.tsx'
import { Section } from '../../shared/page.tsx'
import { Status } from '../../shared/status.tsx'
import { nodes as nodeTexts } from '../../texts/nodes.ts'
import { overview as t } from '../../texts/overview.ts'
import classes from './overview.module.css'
import { expiringQuery } from './queries.ts'

const WEEK_MS = 7 * 86_400_000

/** The things that want attention now. Nothing is shown if there is none. */
export function Attention() {
  const may = useMay()
  const { data: expiring } = useQuery({ ...expiringQuery, enabled: may('clients:read', 'anything') })
  const { data: nodes } = useQuery({ ...nodesQuery, enabled: may('settings:read') })
  const soon = (expiring?.items ?? []).filter(({ expires = '' }) => Date.parse(expires) - Date.now() < WEEK_MS)
  const ill = (nodes?.items ?? []).filter((node) => node.status !== 'ok')
  const configurations = new Set(nodes?.items.map((node) => node.config_digest))
  const versions = new Set(nodes?.items.map((node) => node.version))
  const notes = [
    ...ill.map(({ id, host, status, reasons = [] }) => (
      <li key={id}>
        <Status kind="bad">{t.nodeIll(host, nodeTexts.states[status], reasons.join('; '))}</Status>
      </li>
    )),
    soon.length > 0 && (
      <li key="expiring">
        <Status kind="warn">
          <Link to="/clients" search={{ expiring_days: '7' }}>
            {t.expiringSoon(soon.length)}
          </Link>
        </Status>
      </li>
    ),
    configurations.size > 1 && (
      <li key="configurations">
        <Status kind="warn">{t.configurationsDiffer}</Status>
      </li>
    ),
    versions.size > 1 && (
      <li key="versions">
        <Status kind="warn">{t.versionsDiffer([...versions].join(', '))}</Status>
      </li>
    ),
  ].filter((note) => note !== false)
  if (notes.length === 0) return null
  return (
    <Section title={t.attention}>
      <ul className={classes['attention']}>{notes}</ul>
    </Section>
  )
}
