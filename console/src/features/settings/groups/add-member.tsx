import { Autocomplete, Button, Select, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../../../api/me.ts'
import { groups as t } from '../../../texts/groups.ts'
import { accountsQuery } from '../queries.ts'
import classes from './groups.module.css'
import { type Member, memberKinds, memberName } from './members.ts'

interface Props {
  /** The names of present members. */
  readonly taken: readonly string[]
  readonly onAdd: (member: Member) => void
}

/** Adds a member, who may only look at first. */
export function AddMember({ taken, onAdd }: Props) {
  const may = useMay()
  const [kind, setKind] = useState<Member['kind']>('account')
  const [id, setId] = useState('')
  const [claim, setClaim] = useState('groups')
  const accounts = useInfiniteQuery({ ...accountsQuery, enabled: may('accounts:read') })
  const base = { id: id.trim(), permissions: ['view' as const] }
  const member: Member = kind === 'claim' ? { kind, claim: claim.trim(), ...base } : { kind, ...base }
  const isTaken = id.trim() !== '' && taken.includes(memberName(member))
  const isComplete = id.trim() !== '' && (kind !== 'claim' || claim.trim() !== '')
  return (
    <form
      className={classes['add']}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isComplete || isTaken) return
        onAdd(member)
        setId('')
      }}
    >
      <Select
        label={t.kind}
        w="8rem"
        allowDeselect={false}
        data={memberKinds.map((value) => ({ value, label: t.kinds[value] }))}
        value={kind}
        onChange={(value) => setKind(memberKinds.find((one) => one === value) ?? 'account')}
      />
      {kind === 'claim' && (
        <TextInput label={t.claim} w="9rem" value={claim} onChange={(event) => setClaim(event.currentTarget.value)} />
      )}
      <Autocomplete
        label={t.ids[kind]}
        className={classes['id']}
        data={
          kind === 'account'
            ? (accounts.data?.pages.flatMap((page) => page.items.map(({ name }) => name)) ?? []).filter(
                (name) => !taken.includes(`account ${name}`),
              )
            : []
        }
        value={id}
        onChange={setId}
        error={isTaken && t.twice}
        maxLength={256}
        spellCheck={false}
      />
      <Button type="submit" variant="default" disabled={!isComplete || isTaken}>
        {t.add}
      </Button>
    </form>
  )
}
