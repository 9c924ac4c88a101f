/** Dropdown menus: Radix does keyboard, focus and roles; the look is ours. */

import * as Dropdown from "@radix-ui/react-dropdown-menu";
import type { ReactNode } from "react";
import { CheckIcon } from "./icons";

interface MenuProps {
  trigger: ReactNode;
  label: string;
  children: ReactNode;
  align?: "start" | "end";
}

/** `modal={false}`: a modal menu puts a style element into the page, which its policy refuses. */
export function Menu({ trigger, label, children, align = "start" }: MenuProps) {
  return (
    <Dropdown.Root modal={false}>
      <Dropdown.Trigger asChild>{trigger}</Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content className="menu" aria-label={label} align={align} sideOffset={6} collisionPadding={12}>
          {children}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

interface ItemProps {
  icon?: ReactNode;
  children: ReactNode;
  about?: ReactNode;
  isDangerous?: boolean;
  isDisabled?: boolean;
  onSelect: () => void;
}

export function MenuItem({ icon, children, about, isDangerous, isDisabled, onSelect }: ItemProps) {
  return (
    <Dropdown.Item
      className={isDangerous ? "menu-item menu-item-danger" : "menu-item"}
      disabled={isDisabled ?? false}
      onSelect={onSelect}
    >
      {icon}
      <span className="menu-text">
        <span>{children}</span>
        {about === undefined ? null : <span className="menu-about">{about}</span>}
      </span>
    </Dropdown.Item>
  );
}

export function MenuChoice<T extends string>(props: {
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; name: string; about: string; icon: ReactNode; isLocked?: boolean }[];
}) {
  return (
    <Dropdown.RadioGroup value={props.value} onValueChange={(value) => props.onChange(value as T)}>
      {props.options.map((option) => (
        <Dropdown.RadioItem
          key={option.value}
          value={option.value}
          className={option.isLocked ? "menu-item menu-item-locked" : "menu-item"}
        >
          {option.icon}
          <span className="menu-text">
            <span>{option.name}</span>
            <span className="menu-about">{option.about}</span>
          </span>
          <Dropdown.ItemIndicator className="menu-check">
            <CheckIcon />
          </Dropdown.ItemIndicator>
        </Dropdown.RadioItem>
      ))}
    </Dropdown.RadioGroup>
  );
}
