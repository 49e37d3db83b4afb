import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Tagged } from '../../../api/client.ts'
import { isStale } from '../../../api/problem.ts'
import type { Answer, Input } from '../../../api/types.ts'
import { useDialog } from '../../../shared/dialog.ts'
import { Failure } from '../../../shared/failure.tsx'
import { Loaded } from '../../../shared/loaded.tsx'
import { StaleDialog } from '../../../shared/stale-dialog.tsx'
import { say } from '../../../shared/toast.ts'
import { administrators as t } from '../../../texts/administrators.ts'
import { common } from '../../../texts/common.ts'
import { accountQuery } from '../queries.ts'
import classes from '../settings.module.css'
import { changeAccount } from './calls.ts'
import { RoleChoice } from './role-choice.tsx'

/** Changes the display name and the roles of an account. @param me the name of the person who does it */
export function ChangeDialog({ me }: { readonly me: string }) {
  const dialog = useDialog('change')
  const account = useQuery({ ...accountQuery(dialog.about), enabled: dialog.isOpen })
  return (
    <Modal opened={dialog.isOpen} onClose={dialog.close} title={t.changeTitle(dialog.about)} size="lg">
      {dialog.isOpen && (
        <Loaded query={account} height="18rem">
          {(tagged) => <Form key={dialog.about} tagged={tagged} isOwn={me === dialog.about} onEnd={dialog.close} />}
        </Loaded>
      )}
    </Modal>
  )
}

interface FormProps {
  readonly tagged: Tagged<Answer<'accounts.show'>>
  readonly isOwn: boolean
  readonly onEnd: () => void
}

function Form({ tagged, isOwn, onEnd }: FormProps) {
  const queries = useQueryClient()
  // The state from which the person began.
  const [{ data: base, etag }] = useState(tagged)
  const [displayName, setDisplayName] = useState(base.display_name ?? '')
  const [roles, setRoles] = useState(base.roles)
  const isRenamed = displayName.trim() !== (base.display_name ?? '')
  const hasNewRoles = roles.join() !== base.roles.join()
  const body: Input<'accounts.change'> = {
    ...(isRenamed && { display_name: displayName.trim() || null }),
    ...(hasNewRoles && { roles: [...roles] }),
  }
  const save = useMutation({
    mutationFn: (tag: string) => changeAccount(base.name, body, tag),
    onSuccess: () => {
      onEnd()
      say(t.changed)
    },
  })
  const stale = isStale(save.error) ? save.error : undefined
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(etag)
      }}
    >
      <Stack>
        <TextInput
          label={t.displayName}
          description={t.displayNameHint}
          maxLength={128}
          value={displayName}
          onChange={(event) => setDisplayName(event.currentTarget.value)}
        />
        <RoleChoice
          value={roles}
          onChange={(next) => setRoles([...next])}
          error={roles.length === 0 ? t.rolesMissing : undefined}
        />
        {hasNewRoles && <p className={classes['lead']}>{isOwn ? t.changeOwn : t.changeEnds}</p>}
        {save.error !== null && stale === undefined && <Failure error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onEnd}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={roles.length === 0 || (!isRenamed && !hasNewRoles)}>
            {common.save}
          </Button>
        </Group>
      </Stack>
      <StaleDialog
        problem={stale}
        mine={body}
        base={base}
        onTakeTheirs={() => {
          onEnd()
          void queries.invalidateQueries({ queryKey: ['accounts'] })
        }}
        onKeepMine={(tag) => save.mutate(tag)}
        onClose={save.reset}
      />
    </form>
  )
}
