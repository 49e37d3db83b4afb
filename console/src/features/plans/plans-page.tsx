import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem } from '../../api/problem.ts'
import { Failure } from '../../shared/failure.tsx'
import { Page } from '../../shared/page.tsx'
import { plans as t } from '../../texts/plans.ts'
import { ApplyPanel } from './apply-panel.tsx'
import { Done } from './done.tsx'
import { Intake } from './intake.tsx'
import { Mistakes } from './mistakes.tsx'
import { type Applied, applyPlan, type Consents, type Given, makePlan, type Plan } from './plan.ts'
import { Review } from './review.tsx'

type Stage =
  | { readonly name: 'intake' }
  | { readonly name: 'review'; readonly plan: Plan; readonly hasChanged: boolean }
  | { readonly name: 'done'; readonly applied: Applied }

const NOTHING: Given = { files: [], prune: false, takeOver: false }

/** A manifest, its plan as a review, and its application. */
export function PlansPage() {
  const [given, setGiven] = useState(NOTHING)
  const [stage, setStage] = useState<Stage>({ name: 'intake' })
  const planning = useMutation({
    mutationFn: ({ given }: { readonly given: Given; readonly hasChanged?: boolean }) => makePlan(given),
    onSuccess: (plan, { hasChanged = false }) => setStage({ name: 'review', plan, hasChanged }),
  })
  const applying = useMutation({
    mutationFn: ({ plan, consents }: { readonly plan: string; readonly consents: Consents }) =>
      applyPlan(given, plan, consents),
    onSuccess: (applied) => {
      // The texts may hold secrets.
      setGiven(NOTHING)
      setStage({ name: 'done', applied })
    },
    onError: (error) => {
      if (error instanceof Problem && error.kind === 'outdated-plan') planning.mutate({ given, hasChanged: true })
    },
    // Its variables have the secrets: nothing keeps them.
    gcTime: 0,
  })
  const begin = () => {
    planning.reset()
    applying.reset()
    setStage({ name: 'intake' })
  }
  const takeOver = () => {
    const next = { ...given, takeOver: true }
    setGiven(next)
    planning.mutate({ given: next })
  }
  if (stage.name === 'done')
    return (
      <Page title={t.applied} lead={t.appliedLead}>
        <Done applied={stage.applied} onDone={begin} />
      </Page>
    )
  return (
    <Page title={t.title} lead={t.lead}>
      {stage.name === 'intake' ? (
        <>
          <Intake
            given={given}
            onChange={setGiven}
            isBusy={planning.isPending}
            onPlan={() => planning.mutate({ given })}
          />
          {planning.error !== null && <Mistakes error={planning.error} />}
        </>
      ) : (
        <>
          <Review plan={stage.plan} hasChanged={stage.hasChanged} onTakeOver={takeOver} />
          {planning.error !== null && <Failure error={planning.error} />}
          <ApplyPanel
            key={stage.plan.id}
            plan={stage.plan}
            given={given}
            isBusy={applying.isPending || planning.isPending}
            error={stage.hasChanged ? null : applying.error}
            onEdit={begin}
            onApply={(consents) => {
              setStage({ ...stage, hasChanged: false })
              applying.mutate({ plan: stage.plan.id, consents })
            }}
          />
        </>
      )}
    </Page>
  )
}
