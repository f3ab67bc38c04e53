// A channel's schedule: its times by the viewer's own clock.

import { showLocalTimes } from "../shared/local_times.js";

showLocalTimes();
