import { CloseButton, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Icon } from '../../../shared/icon.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { Section, Sheet } from '../../../shared/page.tsx'
import { settings } from '../../../texts/settings.ts'
import { settingsQuery } from '../queries.ts'
import classes from './configuration.module.css'
import { type Setting, settingGroups } from './settings-list.ts'

const t = settings.configuration
const route = getRouteApi('/settings/')
const ORDER = Object.keys(t.groups)

/** The configuration in force, in groups, searched by name and value. */
export function Configuration() {
  const { find = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const configuration = useQuery(settingsQuery)
  const change = (next: string) =>
    void navigate({
      search: (before) => ({ ...before, find: next === '' ? undefined : next }),
      replace: true,
      resetScroll: false,
    })
  return (
    <Section
      title={t.title}
      lead={t.lead}
      actions={
        <TextInput
          type="search"
          aria-label={t.search}
          placeholder={t.search}
          w="16rem"
          leftSection={<Icon name="search" />}
          rightSection={find !== '' && <CloseButton aria-label={t.clear} onClick={() => change('')} size="sm" />}
          value={find}
          onChange={(event) => change(event.currentTarget.value)}
        />
      }
    >
      <Loaded query={configuration} height="40rem">
        {(data) => <Groups data={data} find={find} />}
      </Loaded>
    </Section>
  )
}

function Groups({ data, find }: { readonly data: Readonly<Record<string, unknown>>; readonly find: string }) {
  const groups = settingGroups(data, find, ORDER)
  return (
    <Sheet flush>
      <div role="status" className={classes['nothing']}>
        {groups.length === 0 && t.nothing(find)}
      </div>
      {groups.map(({ id, settings: all }) => (
        <section key={id} className={classes['group']} aria-labelledby={`configuration-${id}`}>
          <h3 id={`configuration-${id}`}>{t.groups[id] ?? id}</h3>
          <dl>
            {all.map((one) => (
              <Row key={one.name} setting={one} />
            ))}
          </dl>
        </section>
      ))}
    </Sheet>
  )
}

const Row = ({ setting: { name, lines, written } }: { readonly setting: Setting }) => (
  <div>
    <dt>
      <code>{name}</code>
    </dt>
    <dd>
      {lines.length === 0 ? <i>{t.none}</i> : lines.join(', ')}
      {written !== undefined && <code> {written}</code>}
    </dd>
  </div>
)
