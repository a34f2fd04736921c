import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { Plain } from "./Plain";
import classes from "./Code.module.css";
import { IconCheck, IconCopy } from "./icons";

interface Props {
  code: string;
  /** What it is, for the copy button and screen readers. */
  label: string;
}

/** Code to read and copy. What is copied is the text itself, to the byte. */
export function Code({ code, label }: Props): ReactNode {
  return (
    <div className={classes.frame}>
      <pre className={classes.code} tabIndex={0} aria-label={label}><Plain>{code}</Plain></pre>
      <Copy value={code} label={label} className={classes.copy} />
    </div>
  );
}

/** A short value on one line, to copy. */
export function Value({ value, label }: { value: string; label: string }): ReactNode {
  return (
    <span className={classes.value}>
      <code><Plain>{value}</Plain></code>
      <Copy value={value} label={label} />
    </span>
  );
}

function Copy({ value, label, className }: { value: string; label: string; className?: string }): ReactNode {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : "Copy"}>
          <ActionIcon variant="default" size="sm" className={className} onClick={copy} aria-label={copied ? `Copied: ${label}` : `Copy ${label}`}>
            {copied ? <IconCheck /> : <IconCopy />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
