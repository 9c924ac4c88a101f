/** The icons, drawn for this page; decoration only: what carries them has a name of its own. */

import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const ExploreIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.500" />
    <path d="m15.500 8.500-2.200 4.800-4.800 2.200 2.200-4.800z" />
  </Icon>
);
export const CreationsIcon = () => (
  <Icon>
    <rect x="3.500" y="3.500" width="7.500" height="10" rx="2" />
    <rect x="13" y="3.500" width="7.500" height="6" rx="2" />
    <rect x="3.500" y="15.500" width="7.500" height="5" rx="2" />
    <rect x="13" y="11.500" width="7.500" height="9" rx="2" />
  </Icon>
);
export const AccountIcon = () => (
  <Icon>
    <circle cx="12" cy="8.500" r="4" />
    <path d="M4.500 20c1-3.700 4-5.500 7.500-5.500s6.500 1.800 7.500 5.500" />
  </Icon>
);
export const LockIcon = () => (
  <Icon>
    <rect x="5" y="10.500" width="14" height="9.500" rx="2.500" />
    <path d="M8 10.500V8a4 4 0 0 1 8 0v2.500" />
  </Icon>
);
export const GlobeIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.500" />
    <path d="M3.500 12h17M12 3.500c5 5 5 12 0 17c-5-5-5-12 0-17" />
  </Icon>
);
export const DownIcon = () => (
  <Icon>
    <path d="m7 10 5 5 5-5" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="M6.500 6.500l11 11M17.500 6.500l-11 11" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="m14 6-6 6 6 6" />
  </Icon>
);
export const ForwardIcon = () => (
  <Icon>
    <path d="m10 6 6 6-6 6" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m5.500 12.500 4 4 9-9.500" />
  </Icon>
);
export const MoreIcon = () => (
  <Icon>
    <path d="M6 12h.01M12 12h.01M18 12h.01" strokeWidth="3" />
  </Icon>
);
export const DownloadIcon = () => (
  <Icon>
    <path d="M12 4v11m0 0 4.500-4.500M12 15l-4.500-4.500M4.500 19.500h15" />
  </Icon>
);
export const DeleteIcon = () => (
  <Icon>
    <path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13M10 11v5.500M14 11v5.500" />
  </Icon>
);
export const EyeIcon = () => (
  <Icon>
    <path d="M2.500 12C4.500 7.500 8 5.500 12 5.500s7.500 2 9.500 6.500c-2 4.500-5.500 6.500-9.500 6.500S4.500 16.500 2.500 12Z" />
    <circle cx="12" cy="12" r="2.800" />
  </Icon>
);
export const SparkIcon = () => (
  <Icon>
    <path d="M12 3.500c.8 5 3.500 7.700 8.500 8.500c-5 .8-7.700 3.500-8.500 8.500c-.8-5-3.500-7.700-8.500-8.500c5-.8 7.700-3.500 8.500-8.500Z" />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <rect x="8.500" y="8.500" width="11" height="11" rx="2.500" />
    <path d="M15.500 5.500a2 2 0 0 0-2-1.500H6.500A2.500 2.500 0 0 0 4 6.500v7a2 2 0 0 0 1.500 2" />
  </Icon>
);
