import { Button, Group, Modal, Stack } from '@mantine/core'
import { shell } from '../../texts/shell.ts'

/** Asks a person whose session has ended to sign in again. The page below keeps what was entered. */
export function SignedOut() {
  const here = encodeURIComponent(location.pathname + location.search)
  return (
    <Modal opened onClose={() => {}} withCloseButton={false} title={shell.signedOut}>
      <Stack>
        <p style={{ margin: 0 }}>{shell.signedOutLead}</p>
        <Group justify="flex-end">
          <Button variant="default" component="a" href="/sign-in" target="_blank" rel="opener">
            {shell.signInElsewhere}
          </Button>
          <Button component="a" href={`/sign-in?next=${here}`}>
            {shell.signInAgain}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
