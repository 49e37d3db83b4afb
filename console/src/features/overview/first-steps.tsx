import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import { Sheet } from '../../shared/page.tsx'
import { overview as t } from '../../texts/overview.ts'
import classes from './overview.module.css'
import { clientCountQuery, usageQuery } from './queries.ts'

/** The way to a first token, as long as nobody has got one. */
export function FirstSteps() {
  const may = useMay()
  const mayCreate = may('clients:write')
  const { data: clients } = useQuery({ ...clientCountQuery, enabled: mayCreate })
  const { data: usage } = useQuery({ ...usageQuery('week'), enabled: mayCreate })
  const isNew = clients !== undefined && usage?.totals !== undefined && usage.totals.issued === 0 && clients.count <= 1
  if (!isNew) return null
  return (
    <Sheet>
      <div className={classes['steps']}>
        <div>
          <h2 style={{ margin: 0 }}>{t.firstSteps}</h2>
          <p>{t.firstStepsLead}</p>
        </div>
        <Button component={Link} to="/welcome">
          {t.begin}
        </Button>
      </div>
    </Sheet>
  )
}
