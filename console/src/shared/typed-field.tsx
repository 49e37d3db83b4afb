import { CloseButton, TextInput, type TextInputProps } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import { common } from '../texts/common.ts'
import { Icon } from './icon.tsx'

const PAUSE_MS = 200

/** A text that is being typed. */
interface Typed {
  readonly text: string
  readonly type: (text: string) => void
  /** Reports at once. */
  readonly flush: () => void
  /** Empties the text, and reports nothing. */
  readonly clear: () => void
}

const trim = (text: string): string => text.trim()

/**
 * A text that counts once its author pauses. It follows the value of the address, except where that repeats a report of its own:
 * so a blank at the end, or a letter typed meanwhile, stays.
 * @param value as it stands in the address
 * @param onChange gets the text as `tidy` leaves it; undefined if nothing is left
 * @param tidy writes a text as the address has it
 */
export function useTyped(
  value: string,
  onChange: (value: string | undefined) => void,
  tidy: (text: string) => string = trim,
): Typed {
  const [text, setText] = useState(value)
  // Reports that have yet to reach the address.
  const reported = useRef<readonly string[]>([])
  const later = useDebouncedCallback((next: string) => {
    reported.current = [...reported.current, tidy(next)]
    onChange(tidy(next) || undefined)
  }, PAUSE_MS)
  const take = (next: string) => {
    later.cancel()
    reported.current = []
    setText(next)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: a value is taken as it comes
  useEffect(() => {
    const arrived = reported.current.indexOf(value)
    if (arrived < 0) take(value)
    else reported.current = reported.current.slice(arrived + 1)
  }, [value])
  return {
    text,
    type: (next) => {
      setText(next)
      later(next)
    },
    flush: () => later.flush(),
    clear: () => take(''),
  }
}

interface SearchFieldProps {
  readonly label: string
  readonly typed: Typed
}

/** Searches what is below it. */
export const SearchField = ({ label, typed: { text, type, flush } }: SearchFieldProps) => (
  <TextInput
    aria-label={label}
    placeholder={label}
    leftSection={<Icon name="search" />}
    rightSection={
      text !== '' && (
        <CloseButton
          size="sm"
          aria-label={common.clearSearch}
          onClick={() => {
            type('')
            flush()
          }}
        />
      )
    }
    value={text}
    onChange={(event) => type(event.currentTarget.value)}
    spellCheck={false}
    w="20rem"
    maw="100%"
  />
)

interface TypedFieldProps extends Omit<TextInputProps, 'value' | 'onChange' | 'onBlur'> {
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
  readonly tidy?: (text: string) => string
}

/** A line of text that stands in the address. */
export function TypedField({ value = '', onChange, tidy, ...props }: TypedFieldProps) {
  const { text, type, flush } = useTyped(value, onChange, tidy)
  return (
    <TextInput
      {...props}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onBlur={flush}
      spellCheck={false}
    />
  )
}
