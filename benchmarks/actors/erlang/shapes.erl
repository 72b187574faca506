%% The shapes in Erlang/OTP: plain processes and messages. See common/shapes.hpp for what they are.
%% erl -noshell -run shapes main SHAPE SCALE THREADS -s init stop; THREADS is erl's +S.
-module(shapes).
-export([main/1]).

main([Shape, Scale, Threads]) ->
    Sizes = sizes(list_to_integer(Scale)),
    Start = erlang:monotonic_time(microsecond),
    {Delivered, Expected, Each} = run(list_to_atom(Shape), Sizes),
    Seconds = (erlang:monotonic_time(microsecond) - Start) / 1.0e6,
    io:format("{\"program\": \"erlang\", \"shape\": \"~s\", \"threads\": ~s, \"delivered\": ~B, \"expected\": ~B, "
              "\"seconds\": ~.6f, \"bytesEach\": ~B}~n", [Shape, Threads, Delivered, Expected, Seconds, Each]),
    case Delivered of Expected -> ok; _ -> halt(1) end.

sizes(Scale) ->
    Less = fun(Size) -> if Scale =< 1 -> Size; true -> max(Size div Scale, 10) end end,
    #{depth => if Scale =< 1 -> 19; true -> 19 - min(log2(Scale), 17) end,
      senders => 20, per_sender => Less(100000),
      rings => 20, ring_size => 50, token => Less(1000), repetitions => 4,
      pings => Less(1000000), ring_actors => 503, hops => Less(2000000),
      skynet => skynet_size(1000000, Scale), fan_out => 1000, rounds => Less(500), asks => Less(300000), idle => 10000}.

log2(1) -> 0;
log2(N) -> 1 + log2(N div 2).

skynet_size(Size, Scale) when Size > 10, Scale >= 10 -> skynet_size(Size div 10, Scale div 10);
skynet_size(Size, _) -> Size.

sum(0, Sum) -> Sum;
sum(N, Sum) -> receive {done, Count} -> sum(N - 1, Sum + Count) end.

run(creation, #{depth := Depth}) ->
    Self = self(),
    spawn(fun() -> creator(Self) end) ! {'begin', Depth},
    {sum(1, 0), (2 bsl Depth) - 1, 0};
run(mailbox, #{senders := Senders, per_sender := Each}) ->
    Self = self(),
    To = spawn(fun() -> receiver(Self, Senders * Each, 0) end),
    [spawn(fun() -> send_all(To, Each) end) || _ <- lists:seq(1, Senders)],
    {sum(1, 0), Senders * Each, 0};
run(mixed, #{rings := Rings, ring_size := Size, token := Token, repetitions := Repetitions}) ->
    Self = self(),
    [spawn(fun() -> ring_master(Self, Size, Token, Repetitions) end) || _ <- lists:seq(1, Rings)],
    Works = Rings * Repetitions,
    {sum(Rings + Works, 0), Works * ((Token + 1) * Size + 1), 0};
run(pingpong, #{pings := Pings}) ->
    Self = self(),
    Pong = spawn(fun pong/0),
    spawn(fun() -> Pong ! {item, 0, self()}, ping(Self, Pings, 0) end),
    {sum(1, 0), Pings, 0};
run(ring, #{ring_actors := Count, hops := Hops}) ->
    Self = self(),
    Nodes = [spawn(fun() -> ring_node(Self) end) || _ <- lists:seq(1, Count)],
    [Node ! {peers, Next} || {Node, Next} <- lists:zip(Nodes, tl(Nodes) ++ [hd(Nodes)])],
    hd(Nodes) ! {token, Hops},
    receive over -> ok end,
    [Node ! done || Node <- Nodes],
    {sum(Count, 0), Hops + 1, 0};
run(skynet, #{skynet := Leaves}) ->
    Self = self(),
    spawn(fun() -> skynet(Self) end) ! {'begin', 0, Leaves},
    {sum(1, 0), Leaves * (Leaves - 1) div 2, 0};
run(fanout, #{fan_out := Count, rounds := Rounds}) ->
    Self = self(),
    spawn(fun() -> fan_out(Self, [spawn(fun echo/0) || _ <- lists:seq(1, Count)], Count, Rounds, 0) end),
    {sum(1, 0), Count * Rounds, 0};
run(ask, #{asks := Asks}) ->
    Self = self(),
    Whom = spawn(fun answer/0),
    spawn(fun() -> ask(Self, Whom, Asks, 0) end),
    {sum(1, 0), Asks, 0};
run(idle, #{idle := Count}) ->
    Before = erlang:memory(processes),
    Actors = [spawn(fun() -> receive done -> ok end end) || _ <- lists:seq(1, Count)],
    Each = (erlang:memory(processes) - Before) div Count,
    [Actor ! done || Actor <- Actors],
    {length(Actors), Count, Each}.

creator(Parent) ->
    receive {'begin', Depth} -> ok end,
    if Depth =:= 0 -> Parent ! {done, 1};
       true ->
           Self = self(),
           [spawn(fun() -> creator(Self) end) ! {'begin', Depth - 1} || _ <- [1, 2]],
           Parent ! {done, sum(2, 0) + 1}
    end.

receiver(Collector, Expected, Expected) -> Collector ! {done, Expected};
receiver(Collector, Expected, Seen) -> receive {item, _} -> receiver(Collector, Expected, Seen + 1) end.

send_all(_, 0) -> ok;
send_all(To, N) -> To ! {item, N}, send_all(To, N - 1).

factorize(Number) when Number =< 3 -> 1;
factorize(Number) -> factorize(Number, 2, 0) + 1.
factorize(Number, Divisor, Factors) when Divisor >= Number -> Factors;
factorize(Number, Divisor, Factors) when Number rem Divisor =:= 0 -> factorize(Number div Divisor, Divisor, Factors + 1);
factorize(Number, 2, Factors) -> factorize(Number, 3, Factors);
factorize(Number, Divisor, Factors) -> factorize(Number, Divisor + 2, Factors).

worker(Collector) ->
    receive
        {item, Number} ->
            Collector ! {done, case factorize(Number) of 3 -> 1; _ -> 0 end},
            worker(Collector);
        done -> ok
    end.

link_of(Next) ->
    receive
        {token, 0} -> Next ! {token, 0};
        {token, Rest} -> Next ! {token, Rest}, link_of(Next)
    end.

ring_master(Collector, Size, Token, Repetitions) ->
    Worker = spawn(fun() -> worker(Collector) end),
    Seen = repeat(Worker, Size, Token, Repetitions, 0),
    Worker ! done,
    Collector ! {done, Seen * Size}.

repeat(_, _, _, 0, Seen) -> Seen;
repeat(Worker, Size, Token, Repetitions, Seen) ->
    Next = lists:foldl(fun(_, To) -> spawn(fun() -> link_of(To) end) end, self(), lists:seq(2, Size)),
    Worker ! {item, 10403 * 1000003},
    Next ! {token, Token},
    repeat(Worker, Size, Token, Repetitions - 1, Seen + turns(Next, 0)).

turns(Next, Seen) ->
    receive
        {token, 0} -> Seen + 1;
        {token, Rest} -> Next ! {token, Rest - 1}, turns(Next, Seen + 1)
    end.

pong() -> receive {item, Number, From} -> From ! {item, Number, self()}, pong() end.

ping(Collector, Pings, Seen) ->
    receive
        {item, _, _} when Seen + 1 =:= Pings -> Collector ! {done, Pings};
        {item, Number, From} -> From ! {item, Number + 1, self()}, ping(Collector, Pings, Seen + 1)
    end.

ring_node(Collector) -> receive {peers, Next} -> ring_node(Collector, Next, 0) end.
ring_node(Collector, Next, Seen) ->
    receive
        {token, 0} -> Collector ! over, ring_node(Collector, Next, Seen + 1);
        {token, Rest} -> Next ! {token, Rest - 1}, ring_node(Collector, Next, Seen + 1);
        done -> Collector ! {done, Seen}
    end.

skynet(Parent) ->
    receive
        {'begin', Number, 1} -> Parent ! {done, Number};
        {'begin', Number, Size} ->
            Self = self(),
            [spawn(fun() -> skynet(Self) end) ! {'begin', Number + I * (Size div 10), Size div 10}
             || I <- lists:seq(0, 9)],
            Parent ! {done, sum(10, 0)}
    end.

echo() -> receive {item, Number, From} -> From ! {done, Number}, echo(); done -> ok end.

fan_out(Collector, To, _, 0, Seen) ->
    [Actor ! done || Actor <- To],
    Collector ! {done, Seen};
fan_out(Collector, To, Count, Rounds, Seen) ->
    Self = self(),
    [Actor ! {item, Seen, Self} || Actor <- To],
    [receive {done, _} -> ok end || _ <- To],
    fan_out(Collector, To, Count, Rounds - 1, Seen + Count).

answer() -> receive {ask, Number, Ref, From} -> From ! {Ref, Number}, answer() end.

%% As gen_server:call does: a monitor, whose reference tells the answer from others.
ask(Collector, _, Asks, Asks) -> Collector ! {done, Asks};
ask(Collector, Whom, Asks, Sum) ->
    Ref = erlang:monitor(process, Whom, [{alias, reply_demonitor}]),
    Whom ! {ask, Sum, Ref, Ref},
    receive {Ref, Sum} -> ask(Collector, Whom, Asks, Sum + 1) end.
