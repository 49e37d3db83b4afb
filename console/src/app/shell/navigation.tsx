import { Link } from '@tanstack/react-router'
import { useMay } from '../../api/me.ts'
import { Icon } from '../../shared/icon.tsx'
import { Mark } from '../../shared/mark.tsx'
import { shell } from '../../texts/shell.ts'
import { placeGroups } from '../places.ts'
import classes from './shell.module.css'

/** The places that this person may see. */
export function Navigation({ onClose }: { readonly onClose: () => void }) {
  const may = useMay()
  const groups = placeGroups.map((group) => group.filter((place) => may(place.permission, 'anything')))
  return (
    <>
      <button type="button" className={classes['scrim']} aria-label={shell.closeNavigation} onClick={onClose} />
      <nav className={classes['nav']} aria-label={shell.navigation}>
        <Link to="/" className={classes['brand']} onClick={onClose}>
          <Mark />
          Tessera
        </Link>
        {groups
          .filter((group) => group.length > 0)
          .map((group) => (
            <ul key={group[0]?.to}>
              {group.map(({ to, title, icon }) => (
                <li key={to}>
                  <Link to={to} className={classes['place']} activeOptions={{ exact: to === '/' }} onClick={onClose}>
                    <Icon name={icon} />
                    {title}
                  </Link>
                </li>
              ))}
            </ul>
          ))}
      </nav>
    </>
  )
}
