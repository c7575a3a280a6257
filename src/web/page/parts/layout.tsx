import type { ComponentChildren } from 'preact';
import { addressOf, goTo } from '../address.js';
import type { RunName } from '../answers.js';
import type { Asked, Problem } from '../ask.js';

interface PanelProps {
  readonly title: string;
  readonly hint?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Panel({ title, hint, actions, class: className = '', children }: PanelProps) {
  return (
    <section class={`panel ${className}`}>
      <header class="panel-head">
        <h2>{title}</h2>
        {hint !== undefined && <p class="hint">{hint}</p>}
        {actions !== undefined && <div class="panel-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

interface StatProps {
  readonly label: string;
  readonly children: ComponentChildren;
  /** Below the figure, smaller. */
  readonly details?: ComponentChildren;
}

export function Stat({ label, children, details }: StatProps) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd>
        <div class="stat-figure">{children}</div>
        {details !== undefined && <div class="stat-details">{details}</div>}
      </dd>
    </div>
  );
}

/** A figure of a list of figures. */
export function Figure({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface AwaitProps<Answer> {
  readonly asked: Asked<Answer>;
  /** Links to other views, for an address under which nothing is recorded. */
  readonly wayOn?: ComponentChildren;
  readonly children: (answer: Answer) => ComponentChildren;
}

/** Shows the answer, or that it is on its way, or what is wrong. */
export function Await<Answer>({ asked, wayOn, children }: AwaitProps<Answer>) {
  const { answer, problem, state } = asked;
  if (answer !== undefined) {
    return (
      <>
        {problem && <Trouble problem={problem} />}
        <div class="answer" aria-busy={state === 'loading'}>
          {children(answer)}
        </div>
      </>
    );
  }
  if (problem) return <Trouble problem={problem} wayOn={wayOn} />;
  return (
    <div class="loading" role="status">
      <span class="hidden">Loading…</span>
      <div class="bone" />
      <div class="bone" />
      <div class="bone bone-short" />
    </div>
  );
}

function Trouble({ problem, wayOn }: { readonly problem: Problem; readonly wayOn?: ComponentChildren }) {
  return (
    <div class="trouble" role="alert">
      <strong>{problem.kind === 'unreachable' ? 'No connection' : 'This cannot be shown'}</strong>
      <p>{problem.message}</p>
      {wayOn !== undefined && <p>{wayOn}</p>}
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      <div>{children}</div>
    </div>
  );
}

interface LinkProps {
  readonly href: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly title?: string;
  readonly current?: boolean;
}

/** A link within the page: it changes the view without loading anything anew, and opens in a new tab as any other. */
export function Link({ href, children, class: className, title, current = false }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(href);
  };
  return (
    <a href={href} class={className} title={title} aria-current={current ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}

interface RunLinkProps {
  readonly of: RunName;
  /** Instead of the run's id. */
  readonly children?: ComponentChildren;
}

/** Leads to a run. */
export function RunLink({ of: { runId, projectId }, children = runId }: RunLinkProps) {
  return <Link href={addressOf('/run', { id: runId, project: projectId })}>{children}</Link>;
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly text: string }[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}

/** One of a few, all of them in sight. Radio buttons, so that arrow keys move and a screen reader knows. */
export function Choice<Value extends string>({ label, options, value: chosen, onChoose }: ChoiceProps<Value>) {
  return (
    <fieldset class="choice">
      <legend class="hidden">{label}</legend>
      {options.map(({ value, text }) => (
        <label key={value} class={`choice-option choice-${value}`}>
          <input type="radio" name={label} value={value} checked={value === chosen} onChange={() => onChoose(value)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** One of many, in a list that opens. */
export function Pick({ label, options, value: chosen, onChoose }: ChoiceProps<string>) {
  return (
    <label class="pick">
      <span class="hidden">{label}</span>
      <select value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
