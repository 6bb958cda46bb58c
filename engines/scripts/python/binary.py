"""The binary format of modules, as far as workers read and write it: names, imports and exports."""

from protocol import End


def number(value):
    """Unsigned LEB128."""
    output = bytearray()
    while value > 127:
        output.append(value & 127 | 128)
        value >>= 7
    output.append(value)
    return bytes(output)


def signed(value):
    """Signed LEB128."""
    output = bytearray()
    while not -64 <= value < 64:
        output.append(value & 127 | 128)
        value >>= 7
    output.append(value & 127)
    return bytes(output)


def name(text):
    encoded = text.encode("utf-8", "surrogatepass")
    return number(len(encoded)) + encoded


def section(identifier, *items):
    content = number(len(items)) + b"".join(items)
    return bytes([identifier]) + number(len(content)) + content


class Reader:
    """Reads a module; what is cut off raises `IndexError`."""

    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def take(self, count):
        if self.at + count > len(self.data):
            raise IndexError("the module is cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def skip_value_type(self):
        # `(ref null? ht)` is followed by its heap type.
        if self.byte() in (0x63, 0x64):
            self.number()

    def skip_limits(self):
        flags = self.byte()
        for present in (True, flags & 1, flags & 8):
            if present:
                self.number()

    def skip_type(self):
        kind = self.byte()
        if kind == 0:
            self.number()
        elif kind == 1:
            self.skip_value_type()
            self.skip_limits()
        elif kind == 2:
            self.skip_limits()
        elif kind == 3:
            self.skip_value_type()
            self.byte()
        elif kind == 4:
            self.byte()
            self.number()
        else:
            raise IndexError("no such kind of import")


def linked(data, names):
    """The module with its imports named by pairs of a module and a name, in the module's order."""
    reader = Reader(data, 8)
    output = bytearray(data[:8])
    while reader.at < len(data):
        start = reader.at
        identifier = reader.byte()
        content = reader.take(reader.number())
        if identifier != 2:
            output += data[start : reader.at]
            continue
        inner = Reader(content)
        items = []
        for position in range(inner.number()):
            inner.take(inner.number())
            inner.take(inner.number())
            begin = inner.at
            inner.skip_type()
            if position >= len(names):
                raise End("unlinkable", "too few imports are given")
            items.append(name(names[position][0]) + name(names[position][1]) + content[begin : inner.at])
        output += section(2, *items)
    return bytes(output)


def named(data, text):
    """The module with the name `text`, which stands in a custom section, in the place of all its names."""
    reader = Reader(data, 8)
    output = bytearray(data[:8])
    while reader.at < len(data):
        start = reader.at
        identifier = reader.byte()
        content = reader.take(reader.number())
        if identifier != 0 or not content.startswith(name("name")):
            output += data[start : reader.at]
    content = name("name") + b"\0" + number(len(name(text))) + name(text)
    return bytes(output) + b"\0" + number(len(content)) + content


def exports(data):
    """The exports of a module: the kind and the index of each by its name; what is cut off raises `IndexError`."""
    reader = Reader(data, 8)
    found = {}
    while reader.at < len(data):
        identifier = reader.byte()
        content = reader.take(reader.number())
        if identifier == 7:
            inner = Reader(content)
            for _ in range(inner.number()):
                export = inner.take(inner.number()).decode("utf-8", "surrogatepass")
                found[export] = (inner.byte(), inner.number())
    return found


def nameless(data):
    """The module without its custom sections."""
    reader = Reader(data, 8)
    output = bytearray(data[:8])
    while reader.at < len(data):
        start = reader.at
        identifier = reader.byte()
        reader.take(reader.number())
        if identifier != 0:
            output += data[start : reader.at]
    return bytes(output)


def import_names(data):
    """The pair of names of each import, in the module's order."""
    reader = Reader(data, 8)
    names = []
    while reader.at < len(data):
        identifier = reader.byte()
        content = reader.take(reader.number())
        if identifier == 2:
            inner = Reader(content)
            for _ in range(inner.number()):
                names.append((inner.take(inner.number()), inner.take(inner.number())))
                inner.skip_type()
    return names
