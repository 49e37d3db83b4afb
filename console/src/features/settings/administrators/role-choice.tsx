import { Checkbox, Stack } from '@mantine/core'
import { administrators as t } from '../../../texts/administrators.ts'
import { type Role, roles } from './roles.ts'

interface Props {
  readonly value: readonly Role[]
  readonly onChange: (value: readonly Role[]) => void
  readonly error?: string | undefined
}

/** The roles of an account, with what each may do. */
export const RoleChoice = ({ value, onChange, error }: Props) => (
  <Checkbox.Group
    label={t.roles}
    value={[...value]}
    onChange={(next) => onChange(roles.filter((one) => next.includes(one)))}
    error={error}
  >
    <Stack gap="xs" mt="xs">
      {roles.map((role) => (
        <Checkbox key={role} value={role} label={t.roleNames[role]} description={t.roleHints[role]} />
      ))}
    </Stack>
  </Checkbox.Group>
)
