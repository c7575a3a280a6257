import type { ComponentChildren } from 'preact';
import { addressOf, goTo } from '../address.js';
import type { RunName } from '../answers.js';

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
