import { Alert, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Tagged } from '../../../api/client.ts'
import { isStale } from '../../../api/problem.ts'
import { Failure } from '../../../shared/failure.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { useNewer } from '../../../shared/newer.ts'
import { Section, Sheet } from '../../../shared/page.tsx'
import { StaleDialog } from '../../../shared/stale-dialog.tsx'
import { say } from '../../../shared/toast.ts'
import { UnsavedBar } from '../../../shared/unsaved-bar.tsx'
import { groups as t } from '../../../texts/groups.ts'
import { groupQuery } from '../queries.ts'
import { AddMember } from './add-member.tsx'
import { replaceGroup } from './calls.ts'
import { Meanings } from './meanings.tsx'
import { MemberTable } from './member-table.tsx'
import {
  changed,
  countOf,
  type GroupAnswer,
  memberName,
  noChanges,
  readable,
  readableChanges,
  trimmed,
} from './members.ts'

interface Props {
  readonly tagged: Tagged<GroupAnswer>
  readonly canChange: boolean
}

/** The members of a group. Changes are gathered, and saved together on the state that was read. */
export function GroupForm({ tagged, canChange }: Props) {
  const queries = useQueryClient()
  // The state from which the person began.
  const [base, setBase] = useState(tagged)
  const [all, setChanges] = useState(noChanges)
  const changes = trimmed(base.data, all)
  const count = countOf(changes)
  const { name } = base.data
  const begin = (next: Tagged<GroupAnswer>) => {
    setBase(next)
    setChanges(noChanges)
  }
  useNewer(tagged, base, count > 0, begin)
  const save = useMutation({
    mutationFn: ({ on, etag }: { readonly on: GroupAnswer; readonly etag: string }) =>
      replaceGroup(name, changed(on, changes), etag),
    onSuccess: (next) => {
      queries.setQueryData(groupQuery(name).queryKey, next)
      begin(next)
      say(t.saved)
    },
  })
  const after = changed(base.data, changes)
  const members = after.members ?? []
  const lacking = members.find(({ permissions }) => permissions.length === 0)
  const stale = isStale(save.error) ? save.error : undefined
  const present = stale?.present as GroupAnswer | undefined
  return (
    <>
      <TextInput
        label={t.description}
        maw="34rem"
        maxLength={1024}
        readOnly={!canChange}
        value={after.description ?? ''}
        onChange={(event) => setChanges({ ...changes, description: event.currentTarget.value })}
      />
      <Section title={t.members} lead={t.membersLead}>
        <Sheet flush>
          <MemberTable
            members={members}
            canChange={canChange}
            onChange={(member) =>
              setChanges({ ...changes, members: { ...changes.members, [memberName(member)]: member } })
            }
            onRemove={(member) =>
              setChanges({ ...changes, members: { ...changes.members, [memberName(member)]: null } })
            }
          />
          {canChange && (
            <AddMember
              taken={members.map(memberName)}
              onAdd={(member) =>
                setChanges({ ...changes, members: { ...changes.members, [memberName(member)]: member } })
              }
            />
          )}
        </Sheet>
        <Meanings />
      </Section>
      {stale !== undefined && present === undefined && (
        <Alert color="brick" icon={<Icon name="warn" />} title={t.gone} role="alert" />
      )}
      {save.error !== null && stale === undefined && <Failure error={save.error} />}
      <UnsavedBar
        count={count}
        hindrance={lacking && t.needsPermission(memberName(lacking))}
        isBusy={save.isPending}
        onDiscard={() => begin(tagged)}
        onSave={() => save.mutate({ on: base.data, etag: base.etag })}
      />
      <StaleDialog
        problem={present && stale && { present: readable(present), etag: stale.etag }}
        mine={readableChanges(changes)}
        base={readable(base.data)}
        onTakeTheirs={async () => {
          save.reset()
          begin(await queries.fetchQuery({ ...groupQuery(name), staleTime: 0 }))
        }}
        onKeepMine={(etag) => present && save.mutate({ on: present, etag })}
        onClose={save.reset}
      />
    </>
  )
}
