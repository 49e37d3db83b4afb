import { useSuspenseQuery } from '@tanstack/react-query'
import { Fragment } from 'react'
import { permissionsQuery } from '../../../api/me.ts'
import { groups as t } from '../../../texts/groups.ts'
import classes from './groups.module.css'
import { groupPermissions } from './members.ts'

/** The permissions of members, and what each lets them do. */
export function Meanings() {
  const { data } = useSuspenseQuery(permissionsQuery)
  return (
    <dl className={classes['meanings']}>
      {groupPermissions.map((one) => (
        <Fragment key={one}>
          <dt>{t.permissions[one]}</dt>
          <dd>
            {data.items
              .filter(({ within }) => within === one)
              .map(({ description }) => description)
              .join(' · ')}
          </dd>
        </Fragment>
      ))}
    </dl>
  )
}
