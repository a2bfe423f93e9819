package netconf

import client "nettwin/internal/netconf"

// Clock tells and waits for time.
type Clock = client.Clock
