import { notifications } from '@mantine/notifications'

/** Says in a corner that something is done. */
export const say = (message: string): void => {
  notifications.show({ message, color: 'tile', autoClose: 4_000 })
}
