import { useQuery } from '@tanstack/react-query'
import { Loaded } from '../../../shared/loaded.tsx'
import { Page, Sheet } from '../../../shared/page.tsx'
import { settings } from '../../../texts/settings.ts'
import { Copied } from '../copied.tsx'
import { tenantsQuery } from '../queries.ts'
import classes from '../settings.module.css'

const t = settings.tenants

/** The tenants and their issuers. */
export function TenantsPage() {
  const tenants = useQuery(tenantsQuery)
  return (
    <Page title={settings.pages.tenants} lead={t.lead}>
      <Loaded query={tenants} height="5rem">
        {({ items }) => (
          <>
            <Sheet flush>
              <table className={classes['table']} aria-label={settings.pages.tenants}>
                <thead>
                  <tr>
                    <th scope="col">{t.tenant}</th>
                    <th scope="col">{t.issuer}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map(({ tenant, issuer }) => (
                    <tr key={tenant}>
                      <th scope="row">{tenant}</th>
                      <td>
                        <Copied of={t.theIssuer(tenant)}>{issuer}</Copied>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Sheet>
            {items.length === 1 && <p className={classes['quiet']}>{t.only}</p>}
          </>
        )}
      </Loaded>
    </Page>
  )
}
