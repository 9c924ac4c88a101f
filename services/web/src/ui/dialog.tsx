/** A question that must be answered first; the browser's own dialog keeps the focus inside and closes on Escape. */

import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  title: string;
  children: ReactNode;
  confirm: string;
  isDangerous?: boolean;
  onConfirm: () => void;
  onClose: () => void;
  more?: ReactNode;
}

export function Dialog({ title, children, confirm, isDangerous, onConfirm, onClose, more }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) {
        opener.focus();
      }
    };
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={heading} onClose={onClose}>
      <h2 id={heading}>{title}</h2>
      <div className="dialog-text">{children}</div>
      <div className="dialog-buttons">
        <button type="button" className="button button-quiet" onClick={onClose}>
          Keep as it is
        </button>
        {more}
        <button
          type="button"
          className={isDangerous ? "button button-danger" : "button"}
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {confirm}
        </button>
      </div>
    </dialog>
  );
}
