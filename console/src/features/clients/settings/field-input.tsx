import { Autocomplete, MultiSelect, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { clientSettings as t } from '../../../texts/client-settings.ts'
import type { Field } from './fields.ts'
import type { Values } from './values.ts'

interface Props {
  readonly field: Field
  readonly form: UseFormReturnType<Values>
  /** The groups that may become the owner. */
  readonly owners: readonly string[]
  readonly isReadOnly: boolean
}

/** Enters one setting. */
export function FieldInput({ field, form, owners, isReadOnly }: Props) {
  const { name, kind } = field
  const [label, description] = t.fields[name]
  const shared = {
    label,
    ...(description !== '' && { description }),
    readOnly: isReadOnly,
    ...form.getInputProps(name),
  }
  const values = form.getValues()
  switch (kind) {
    case 'line':
      return <TextInput {...shared} />
    case 'text':
      return <Textarea {...shared} rows={2} />
    case 'json':
      return (
        <Textarea
          {...shared}
          rows={Math.min(12, Math.max(2, String(values[name]).split('\n').length))}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
      )
    case 'list':
      if (name === 'audiences' && values.introspects !== 'some') return null
      return <TagsInput {...shared} splitChars={[',', ' ']} acceptValueOnBlur />
    case 'owner':
      return <Autocomplete {...shared} data={[...owners]} />
    case 'choice':
      return <Select {...shared} data={[...field.options]} allowDeselect={false} />
    case 'several':
      return <MultiSelect {...shared} data={[...field.options]} clearable={!isReadOnly} />
    case 'switch':
      return <Switch {...form.getInputProps(name, { type: 'checkbox' })} label={label} disabled={isReadOnly} />
    default:
      return field satisfies never
  }
}
