import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Answer } from '../../../api/types.ts'
import { Code } from '../../../shared/code.tsx'
import { Copy } from '../../../shared/copy.tsx'
import { Empty } from '../../../shared/empty.tsx'
import { Facts } from '../../../shared/facts.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { Page, Section, Sheet } from '../../../shared/page.tsx'
import { Status } from '../../../shared/status.tsx'
import { settings } from '../../../texts/settings.ts'
import { manifestQuery } from '../queries.ts'
import classes from '../settings.module.css'
import { Mistakes } from './mistakes.tsx'

const t = settings.files

type Manifest = Answer<'manifest.show'>

/** The files that the server keeps, whether they are in force, and how to find drift. */
export function FilesPage() {
  const manifest = useQuery(manifestQuery)
  return (
    <Page title={settings.pages.files} lead={t.lead}>
      <Loaded query={manifest} height="14rem">
        {(data) => (data.served ? <Served manifest={data} /> : <NotServed />)}
      </Loaded>
      <Section title={t.drift} lead={t.driftLead}>
        <Code of={t.theCommand}>{`tessera diff -f tessera/ --server ${location.origin}`}</Code>
      </Section>
      <Section title={t.start} lead={t.startLead}>
        <Code of={t.theCommand}>{`tessera export --server ${location.origin} > tessera.yaml`}</Code>
      </Section>
      <Section title={t.review} lead={t.reviewLead}>
        <Link to="/plans">{t.openPlans}</Link>
      </Section>
    </Page>
  )
}

const NotServed = () => (
  <Sheet>
    <Empty title={t.none}>{t.noneLead}</Empty>
    <Code of={t.theCommand}>tessera serve --config tessera.yaml --manifest tessera/</Code>
  </Sheet>
)

function Served({
  manifest: { up_to_date: isUpToDate, manifests, applied, mistakes, files },
}: {
  readonly manifest: Manifest
}) {
  return (
    <>
      <Sheet>
        <Facts
          facts={[
            [
              t.state,
              isUpToDate === true ? (
                <Status key="state" kind="good">
                  {t.inForce}
                </Status>
              ) : (
                <Status key="state" kind="bad">
                  {t.notInForce}
                </Status>
              ),
            ],
            [t.applied, <Instant key="applied" at={applied} />],
            [
              t.manifests,
              <div key="manifests">
                {manifests.join(', ')}
                <div className={classes['quiet']}>{t.manifestsHint}</div>
              </div>,
            ],
          ]}
        />
      </Sheet>
      {mistakes.length > 0 && <Mistakes mistakes={mistakes} />}
      {files.length > 0 && (
        <Section title={t.files}>
          <Sheet flush>
            <table className={classes['table']} aria-label={t.files}>
              <thead>
                <tr>
                  <th scope="col">{t.file}</th>
                  <th scope="col">{t.digest}</th>
                </tr>
              </thead>
              <tbody>
                {files.map(({ name, sha256 }) => (
                  <tr key={name}>
                    <th scope="row">
                      <code>{name}</code>
                    </th>
                    <td>
                      <span className={classes['value']}>
                        <code>{sha256.slice(0, 12)}</code>
                        <Copy value={sha256} of={t.theDigest(name)} />
                      </span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Sheet>
        </Section>
      )}
    </>
  )
}
