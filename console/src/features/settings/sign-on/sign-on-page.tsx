import { useQuery } from '@tanstack/react-query'
import { Facts } from '../../../shared/facts.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { Page, Section, Sheet } from '../../../shared/page.tsx'
import { Status } from '../../../shared/status.tsx'
import { settings } from '../../../texts/settings.ts'
import { signOn as t } from '../../../texts/sign-on.ts'
import { Copied } from '../copied.tsx'
import { settingsQuery } from '../queries.ts'
import classes from '../settings.module.css'
import { type SignOn, signOnOf } from './configured.ts'
import { SetUp } from './set-up.tsx'

/** Single sign-on: how it is configured, and how to set it up. */
export function SignOnPage() {
  const configuration = useQuery(settingsQuery)
  return (
    <Page title={settings.pages.signOn} lead={t.lead}>
      <Loaded query={configuration} height="24rem">
        {(data) => <Present signOn={signOnOf(data, location.origin)} />}
      </Loaded>
      <SetUp />
    </Page>
  )
}

function Present({ signOn }: { readonly signOn: SignOn }) {
  const { issuer, clientId, scopes, nameClaim, groupsClaim, redirect } = signOn
  const redirectFact = [
    t.redirect,
    <div key="redirect">
      <Copied of={t.theRedirect}>{redirect}</Copied>
      <div className={classes['quiet']}>{t.redirectHint}</div>
    </div>,
  ] as const
  return (
    <>
      <Sheet>
        <Facts
          facts={
            issuer === undefined
              ? [
                  [
                    t.state,
                    <Status key="state" kind="quiet" icon="person">
                      {t.off}
                    </Status>,
                  ],
                  redirectFact,
                ]
              : [
                  [
                    t.state,
                    <Status key="state" kind="good">
                      {t.on}
                    </Status>,
                  ],
                  [
                    t.provider,
                    <Copied key="issuer" of={t.provider}>
                      {issuer}
                    </Copied>,
                  ],
                  [t.clientId, <code key="client">{clientId}</code>],
                  redirectFact,
                  [t.scopes, scopes.join(' ')],
                  [t.nameClaim, <code key="name">{nameClaim}</code>],
                  [t.groupsClaim, groupsClaim === undefined ? t.groupsNone : <code key="groups">{groupsClaim}</code>],
                ]
          }
        />
      </Sheet>
      {issuer !== undefined && <Roles roles={signOn.roles} />}
    </>
  )
}

const Roles = ({ roles }: Pick<SignOn, 'roles'>) => (
  <Section title={t.roles} lead={t.rolesLead}>
    {roles.length === 0 ? (
      <Status kind="warn">{t.noRoles}</Status>
    ) : (
      <Sheet flush>
        <table className={classes['table']} aria-label={t.roles}>
          <thead>
            <tr>
              <th scope="col">{t.claim}</th>
              <th scope="col">{t.value}</th>
              <th scope="col">{t.role}</th>
            </tr>
          </thead>
          <tbody>
            {roles.map(({ claim, value, role }) => (
              <tr key={`${claim} ${value} ${role}`}>
                <td>
                  <code>{claim}</code>
                </td>
                <td>
                  <code>{value}</code>
                </td>
                <td>{role}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Sheet>
    )}
  </Section>
)
