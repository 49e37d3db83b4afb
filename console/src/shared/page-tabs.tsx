import { Tabs } from '@mantine/core'
import classes from './page-tabs.module.css'

interface Props<Tab extends string> {
  /** The first one is shown where the address names none. */
  readonly tabs: readonly Tab[]
  readonly titles: Readonly<Record<Tab, string>>
  readonly value: Tab | undefined
  /** @param next undefined for the first tab, which needs no place in the address */
  readonly onChange: (next: Tab | undefined) => void
  readonly children: (tab: Tab) => React.ReactNode
}

/** The tabs of a page, of which the address names the present one. */
export function PageTabs<Tab extends string>({ tabs, titles, value, onChange, children }: Props<Tab>) {
  const [first] = tabs
  return (
    <Tabs
      value={value ?? first ?? null}
      keepMounted={false}
      onChange={(next) => onChange(tabs.find((one) => one === next && one !== first))}
    >
      <Tabs.List className={classes['tabs']}>
        {tabs.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {titles[one]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map((one) => (
        <Tabs.Panel key={one} value={one}>
          {children(one)}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}
