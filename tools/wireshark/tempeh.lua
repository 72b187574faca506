-- Wireshark dissector for tempeh (and tofu) messages over TCP.
--
-- Use it:  wireshark -X lua_script:tools/wireshark/tempeh.lua session.pcap
-- or copy this file into the folder that Help > About Wireshark > Folders shows as "Personal Lua Plugins".
-- TCP port 7099, and every connection whose client begins with a hello; other ports: Decode As... > TEMPEH.

local tempeh = Proto("tempeh", "tempeh messages")

local HEADER_SIZE = 16

local opcodes = {
    [0] = "Request", [1] = "Response", [2] = "Signal", [3] = "HelloRequest", [4] = "HelloResponse",
    [5] = "ByeRequest", [6] = "ByeResponse", [7] = "ByeSignal", [8] = "WelcomeRequest", [9] = "WelcomeResponse",
}
local LAST_REGULAR, LAST_ON_WIRE = 2, 7
local HELLO_REQUEST = 3

local origins = { [0] = "application", [1] = "engine" }

local f = tempeh.fields
f.channel = ProtoField.uint16("tempeh.channel", "Channel", base.DEC, nil, nil, "The sender's number of the channel")
f.opcode = ProtoField.uint8("tempeh.opcode", "Opcode", base.DEC, opcodes, 0x0f)
f.origin = ProtoField.uint8("tempeh.origin", "Origin", base.DEC, origins, 0x10)
f.more = ProtoField.bool("tempeh.more", "More parts follow", 8, nil, 0x20)
f.internal = ProtoField.uint8("tempeh.internal", "Engine-internal", base.DEC, nil, 0xc0)
f.status = ProtoField.uint8("tempeh.status", "Status", base.DEC, nil, nil, "The application's own value")
f.id = ProtoField.uint64("tempeh.id", "Message id", base.DEC)
f.headersLength = ProtoField.uint16("tempeh.headers_length", "Text headers length", base.DEC)
f.bodyLength = ProtoField.uint16("tempeh.body_length", "Body length", base.DEC)
f.header = ProtoField.string("tempeh.header", "Text header", base.UNICODE)
f.headerName = ProtoField.string("tempeh.header.name", "Name", base.UNICODE)
f.headerValue = ProtoField.string("tempeh.header.value", "Value", base.UNICODE)
f.body = ProtoField.bytes("tempeh.body", "Body")
f.bodyText = ProtoField.string("tempeh.body_text", "Body as text", base.UNICODE)

local malformed = ProtoExpert.new("tempeh.malformed", "Malformed frame", expert.group.MALFORMED, expert.severity.ERROR)
tempeh.experts = { malformed }

local function trim(text)
    return (text:gsub("^[ \t]+", ""):gsub("[ \t]+$", ""))
end

-- "name:value\r\n" repeated; the last CRLF may be missing, empty lines are skipped.
local function addHeaders(tree, range)
    local text = range:raw()
    local start = 1
    while start <= #text do
        local stop = text:find("\r\n", start, true) or #text + 1
        if stop > start then
            local line = text:sub(start, stop - 1)
            local part = range(start - 1, stop - start)
            local colon = line:find(":", 1, true)
            local item = tree:add(f.header, part, line)
            if colon and colon > 1 then
                item:add(f.headerName, part(0, colon - 1), line:sub(1, colon - 1))
                item:add(f.headerValue, part, trim(line:sub(colon + 1)))
            else
                item:add_proto_expert_info(malformed, "A text header is name:value")
            end
        end
        start = stop + 2
    end
end

local function isText(bytes)
    return #bytes > 0 and not bytes:find("[%z\1-\8\11\12\14-\31\127]")
end

-- What is wrong with the fixed part, or nil.
local function faultOf(opcode, more, id)
    if opcodes[opcode] == nil then return "Opcode " .. opcode .. " does not exist" end
    if opcode > LAST_ON_WIRE then return "A " .. opcodes[opcode] .. " never crosses the wire" end
    if opcode == LAST_ON_WIRE then return nil end  -- a tofu peer's, made of any message
    if more and opcode > LAST_REGULAR then return "A " .. opcodes[opcode] .. " cannot have more parts" end
    if id == UInt64(0) then return "Message id 0 never crosses the wire" end
    return nil
end

local function frameSize(buffer, offset)
    return HEADER_SIZE + buffer(offset + 12, 2):uint() + buffer(offset + 14, 2):uint()
end

local function dissectFrame(range, pinfo, root)
    local opcode = range(2, 1):bitfield(4, 4)
    local more = range(2, 1):bitfield(2, 1) == 1
    local status = range(3, 1):uint()
    local id = range(4, 8):uint64()
    local headersLength, bodyLength = range(12, 2):uint(), range(14, 2):uint()

    local summary = (opcodes[opcode] or ("Opcode " .. opcode)) .. (more and " more" or "") .. " id " .. tostring(id)
    if status ~= 0 then summary = summary .. " status " .. status end
    if bodyLength ~= 0 then summary = summary .. ", " .. bodyLength .. " bytes" end

    local tree = root:add(tempeh, range, "tempeh, " .. summary)
    tree:add(f.channel, range(0, 2))
    tree:add(f.opcode, range(2, 1))
    tree:add(f.origin, range(2, 1))
    tree:add(f.more, range(2, 1))
    tree:add(f.internal, range(2, 1))
    tree:add(f.status, range(3, 1))
    tree:add(f.id, range(4, 8))
    tree:add(f.headersLength, range(12, 2))
    tree:add(f.bodyLength, range(14, 2))
    if headersLength > 0 then addHeaders(tree, range(HEADER_SIZE, headersLength)) end
    if bodyLength > 0 then
        local body = range(HEADER_SIZE + headersLength, bodyLength)
        tree:add(f.body, body)
        local bytes = body:raw()
        if isText(bytes) then tree:add(f.bodyText, body, bytes) end
    end
    local fault = faultOf(opcode, more, id)
    if fault then tree:add_proto_expert_info(malformed, fault) end
    return summary
end

function tempeh.dissector(buffer, pinfo, root)
    local size = buffer:reported_length_remaining()
    if buffer:len() ~= size then return 0 end -- cut off by the capture
    pinfo.cols.protocol = "TEMPEH"
    pinfo.cols.info = ""
    local offset, summaries = 0, {}
    while offset < size do
        local left = size - offset
        if left < HEADER_SIZE then
            pinfo.desegment_offset = offset
            pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
            break
        end
        local needed = frameSize(buffer, offset)
        if left < needed then
            pinfo.desegment_offset = offset
            pinfo.desegment_len = needed - left
            break
        end
        summaries[#summaries + 1] = dissectFrame(buffer(offset, needed), pinfo, root)
        offset = offset + needed
    end
    pinfo.cols.info = table.concat(summaries, "; ")
    return size
end

-- The first frame of a client is a HelloRequest that says where it wanted to connect to.
local function isHello(buffer)
    if buffer:len() < HEADER_SIZE then return false end
    local headersLength = buffer(12, 2):uint()
    if buffer(2, 1):uint() ~= HELLO_REQUEST or headersLength == 0 then return false end
    local there = math.min(headersLength, buffer:len() - HEADER_SIZE)
    return there > 0 and buffer(HEADER_SIZE, there):raw():find("~connect_to:", 1, true) ~= nil
end

tempeh:register_heuristic("tcp", function(buffer, pinfo, root)
    if not isHello(buffer) then return false end
    pinfo.conversation = tempeh -- the rest of the connection comes straight to the dissector
    tempeh.dissector(buffer, pinfo, root)
    return true
end)

DissectorTable.get("tcp.port"):add(7099, tempeh)
