import { Button, Tooltip, type ButtonProps } from "@mantine/core";
import type { ReactNode } from "react";

interface Props extends ButtonProps {
  /** true, or why it may not be used: then it is disabled, stays reachable by keyboard, and says so. */
  may?: true | string;
  onClick?: () => void;
  type?: "button" | "submit";
  children: ReactNode;
}

/** A button that, when forbidden, says why instead of vanishing. */
export function Action({ may = true, onClick, type = "button", children, ...rest }: Props): ReactNode {
  if (may === true) return <Button {...rest} type={type} onClick={onClick}>{children}</Button>;
  return (
    <Tooltip label={may} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
      <Button {...rest} type="button" aria-disabled data-disabled title={may} onClick={(e) => { e.preventDefault(); }}>{children}</Button>
    </Tooltip>
  );
}
