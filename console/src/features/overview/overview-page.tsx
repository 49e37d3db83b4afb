import { SegmentedControl } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import { Nodes } from '../../shared/nodes.tsx'
import { Page } from '../../shared/page.tsx'
import { overview as t } from '../../texts/overview.ts'
import { places } from '../../texts/places.ts'
import { Attention } from './attention.tsx'
import { Expiring } from './expiring.tsx'
import { FirstSteps } from './first-steps.tsx'
import { Keys } from './keys.tsx'
import classes from './overview.module.css'
import { type Range, ranges } from './queries.ts'
import { Reasons } from './reasons.tsx'
import { Top } from './top.tsx'
import { Traffic } from './traffic.tsx'

const route = getRouteApi('/')

/** The state of the fleet at a glance: the traffic, its refusals, and the things that want attention. */
export function OverviewPage() {
  const { range = 'hour' } = route.useSearch()
  const navigate = route.useNavigate()
  const may = useMay()
  const choose = (next: string) =>
    void navigate({
      search: (before) => ({ ...before, range: next === 'hour' ? undefined : (next as Range) }),
      replace: true,
    })
  return (
    <Page
      title={places.overview}
      actions={
        <SegmentedControl
          aria-label={t.range}
          value={range}
          onChange={choose}
          data={Object.keys(ranges).map((value) => ({ value, label: t.ranges[value as Range] }))}
        />
      }
    >
      <FirstSteps />
      <Attention />
      {may('usage:read', 'anything') && (
        <>
          <Traffic range={range} />
          <div className={classes['columns']}>
            <Top of="client" range={range} />
            <Top of="api" range={range} />
            <Reasons range={range} />
          </div>
        </>
      )}
      <div className={classes['columns']}>
        {may('clients:read', 'anything') && <Expiring />}
        {may('keys:read') && <Keys />}
      </div>
      {may('settings:read') && <Nodes />}
    </Page>
  )
}
