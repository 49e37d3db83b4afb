import { Button, Stack, Textarea, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, read } from '../../api/client.ts'
import { Problem } from '../../api/problem.ts'
import { Failure } from '../../shared/failure.tsx'
import { Page } from '../../shared/page.tsx'
import { apis as t } from '../../texts/apis.ts'

/** Creates an API with its first scopes. */
export function NewApiPage() {
  const navigate = useNavigate()
  const [values, setValues] = useState({ audience: '', name: '', owner: '', scopes: '' })
  const created = useMutation({
    mutationFn: () => {
      const { audience, name, owner, scopes } = values
      return read(
        api.POST('/api/v1/apis', {
          body: {
            audience: audience.trim(),
            ...(name.trim() !== '' && { name: name.trim() }),
            ...(owner.trim() !== '' && { owner: owner.trim() }),
            scopes: [...new Set(scopes.split(/\s+/))].filter((one) => one !== '').map((one) => ({ name: one })),
            token: {},
          },
        }),
      )
    },
    onSuccess: ({ audience }) => navigate({ to: '/apis/$audience', params: { audience } }),
  })
  const problem = created.error instanceof Problem ? created.error : undefined
  const field = (name: keyof typeof values) => ({
    value: values[name],
    error: problem?.at(`/${name}`),
    spellCheck: false,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      setValues({ ...values, [name]: event.currentTarget.value }),
  })
  return (
    <Page title={t.create} lead={t.createLead} above={{ to: '/apis', title: t.title }} width="read">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          created.mutate()
        }}
      >
        <Stack gap="md" align="stretch">
          <TextInput label={t.audience} description={t.audienceHint} required {...field('audience')} />
          <TextInput label={t.name} description={t.nameHint} {...field('name')} />
          <TextInput label={t.owner} description={t.ownerHint} {...field('owner')} />
          <Textarea label={t.scopeLines} description={t.scopeLinesHint} autosize minRows={3} {...field('scopes')} />
          {created.error !== null && <Failure error={created.error} />}
          <Button type="submit" loading={created.isPending} style={{ alignSelf: 'flex-start' }}>
            {t.create}
          </Button>
        </Stack>
      </form>
    </Page>
  )
}
