import type { ReactNode } from "react";

// Our own few icons, drawn on a grid of 16; they are decoration: the control names itself.
function Icon({ d }: { d: string }): ReactNode {
  return <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d={d} /></svg>;
}

export const IconCopy = (): ReactNode => <Icon d="M5.5 5.5h7v8h-7zM3.5 10.5h-1v-8h7v1" />;
export const IconCheck = (): ReactNode => <Icon d="M3 8.5 6.5 12 13 4.5" />;
export const IconSearch = (): ReactNode => <Icon d="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5 14 14" />;
export const IconSun = (): ReactNode => <Icon d="M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1" />;
export const IconMoon = (): ReactNode => <Icon d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z" />;
export const IconWarn = (): ReactNode => <Icon d="M8 2 14.5 13.5h-13zM8 6.5v3M8 11.7v.1" />;
export const IconDown = (): ReactNode => <Icon d="m4 6 4 4 4-4" />;
export const IconPlus = (): ReactNode => <Icon d="M8 3v10M3 8h10" />;
export const IconTrash = (): ReactNode => <Icon d="M2.5 4.5h11M6 4V2.5h4V4M4 4.5l.7 9h6.6l.7-9" />;
