@0xc1f3a6a0d2b94e57;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("bench::capnp_peer");

interface Echo {
  echo @0 (body :Data) -> (body :Data);
  # One way; the client keeps a window of calls open.
  put @1 (body :Data) -> ();
}
