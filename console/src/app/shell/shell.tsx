import { Outlet, useRouterState, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { Icon } from '../../shared/icon.tsx'
import { shell } from '../../texts/shell.ts'
import { ConnectionNotice } from './connection-notice.tsx'
import { Navigation } from './navigation.tsx'
import { PersonMenu } from './person-menu.tsx'
import { openSearch, useSearchOpening } from './search-opening.ts'
import classes from './shell.module.css'
import { ShortcutHelp } from './shortcut-help.tsx'

const Search = lazy(() => import('./search.tsx').then(({ Search }) => ({ default: Search })))
const WhyDrawer = lazy(() =>
  import('../../shared/why/why-drawer.tsx').then(({ WhyDrawer }) => ({ default: WhyDrawer })),
)

/** The frame of every page: navigation, search, the person, and the state of the connection. */
export function Shell() {
  const isSearching = useSearchOpening()
  const hasAskedWhy = useEver(useSearch({ strict: false }).why !== undefined)
  const at = useRouterState({ select: (state) => state.resolvedLocation?.href })
  const [isNavigationOpen, setNavigationOpen] = useState(false)
  return (
    <div className={classes['shell']} data-open={isNavigationOpen || undefined}>
      <a href="#content" className={classes['skip']}>
        {shell.skip}
      </a>
      <Navigation onClose={() => setNavigationOpen(false)} />
      <div className={classes['main']}>
        <header className={classes['bar']}>
          <button
            type="button"
            className={classes['burger']}
            onClick={() => setNavigationOpen(true)}
            aria-label={shell.openNavigation}
            aria-expanded={isNavigationOpen}
          >
            <Icon name="menu" size={20} />
          </button>
          <button type="button" className={classes['search']} onClick={openSearch}>
            <Icon name="search" />
            <span>{shell.search}</span>
            <kbd>{isApple() ? '⌘K' : 'Ctrl K'}</kbd>
          </button>
          <PersonMenu />
        </header>
        <ConnectionNotice />
        <main id="content" tabIndex={-1} className={classes['content']} data-at={at}>
          <Suspense>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Suspense>{isSearching && <Search />}</Suspense>
      <Suspense>{hasAskedWhy && <WhyDrawer />}</Suspense>
      <ShortcutHelp />
    </div>
  )
}

/** Whether something has been true. So a thing that was shown stays, and can close at its own pace. */
function useEver(isTrue: boolean): boolean {
  const [ever, setEver] = useState(isTrue)
  if (isTrue && !ever) setEver(true)
  return ever
}

const isApple = (): boolean => /Mac|iPhone|iPad/.test(navigator.userAgent)
