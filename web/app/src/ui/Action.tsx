import { ActionIcon, Button, Tooltip, type ActionIconProps, type ButtonProps } from "@mantine/core";
import type { ReactNode } from "react";

interface Props extends ButtonProps {
  /** true, or why it may not be used: then it is disabled, stays reachable by keyboard, and says so. */
  may?: true | string;
  onClick?: () => void;
  type?: "button" | "submit";
  children: ReactNode;
}

const everywhere = { hover: true, focus: true, touch: true };

/** A button that, when forbidden, says why instead of vanishing. */
export function Action({ may = true, onClick, type = "button", children, ...rest }: Props): ReactNode {
  if (may === true) return <Button {...rest} type={type} onClick={onClick}>{children}</Button>;
  return (
    <Tooltip label={may} multiline maw={320} events={everywhere}>
      <Button {...rest} type="button" aria-disabled data-disabled title={may} onClick={(e) => { e.preventDefault(); }}>{children}</Button>
    </Tooltip>
  );
}

interface IconProps extends ActionIconProps {
  may: true | string;
  /** What it does, and to what. */
  label: string;
  onClick: () => void;
  children: ReactNode;
}

/** The same as a sign alone; its label is shown where one points at it. */
export function IconAction({ may, label, onClick, children, ...rest }: IconProps): ReactNode {
  const shut = may !== true;
  return (
    <Tooltip label={shut ? may : label} multiline maw={320} events={everywhere}>
      <ActionIcon variant="default" {...rest} aria-label={label} {...(shut ? { "aria-disabled": true, "data-disabled": true, title: may } : {})} onClick={() => { if (!shut) onClick(); }}>{children}</ActionIcon>
    </Tooltip>
  );
}
