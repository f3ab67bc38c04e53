// Shown in place of a page that could not be fetched: its own address is asked for again once there is a network.

addEventListener("online", () => location.reload());
