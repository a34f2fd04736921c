import { Alert } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./inbox.module.css";

interface Props {
  good: boolean;
  title: ReactNode;
  close?: () => void;
  children?: ReactNode;
}

/** A framed remark. Its title has the colour of text: the framework's colours on their own tint miss the contrast of AA. */
export function Notice({ good, title, close, children }: Props): ReactNode {
  return (
    <Alert variant="light" color={good ? "teal" : "orange"} title={title} classNames={{ title: classes.title }} withCloseButton={!!close} closeButtonLabel="Close" onClose={close}>
      {children}
    </Alert>
  );
}
