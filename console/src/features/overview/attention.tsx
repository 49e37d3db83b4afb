import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import { nodesQuery } from '../../shared/nodes.tsx'
import { Section } from '../../shared/page.tsx'
import { Status } from '../../shared/status.tsx'
import { nodes as nodeTexts } from '../../texts/nodes.ts'
import { overview as t } from '../../texts/overview.ts'
import classes from './overview.module.css'
import { expiringSoonQuery } from './queries.ts'

/** The things that want attention now. Nothing is shown if there is none. */
export function Attention() {
  const may = useMay()
  const { data: soon } = useQuery({ ...expiringSoonQuery, enabled: may('clients:read', 'anything') })
  const { data: nodes } = useQuery({ ...nodesQuery, enabled: may('settings:read') })
  const ill = (nodes?.items ?? []).filter((node) => node.status !== 'ok')
  const configurations = new Set(nodes?.items.map((node) => node.config_digest))
  const versions = new Set(nodes?.items.map((node) => node.version))
  const notes = [
    ...ill.map(({ id, host, status, reasons = [] }) => (
      <li key={id}>
        <Status kind="bad">{t.nodeIll(host, nodeTexts.states[status], reasons.join('; '))}</Status>
      </li>
    )),
    soon !== undefined && soon.count > 0 && (
      <li key="expiring">
        <Status kind="warn">
          <Link to="/clients" search={{ expiring_days: '7' }}>
            {t.expiringSoon(soon.count, soon.is_more)}
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
