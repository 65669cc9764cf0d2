// From PTX text to decoded instructions: statements, declarations, operands. What is not known is an error that names the line.
#include <cctype>
#include <cstdlib>
#include <unordered_map>

#include "Program.h"

namespace emulator {

namespace {

struct Statement {
    std::string Text;
    u32 Line;
};

std::string Trim(const std::string& s) {
    std::size_t a = s.find_first_not_of(" \t\r\n"), b = s.find_last_not_of(" \t\r\n");
    return a == std::string::npos ? "" : s.substr(a, b - a + 1);
}

std::vector<std::string> Split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    int depth = 0;
    std::string part;
    for (char c : text) {
        if (c == '{' || c == '[' || c == '(') depth++;
        if (c == '}' || c == ']' || c == ')') depth--;
        if (c == separator && depth == 0) {
            parts.push_back(Trim(part));
            part.clear();
        } else part += c;
    }

    if (!Trim(part).empty()) parts.push_back(Trim(part));
    return parts;
}

std::vector<std::string> Words(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    for (char c : text + " ") {
        if (!std::isspace((unsigned char)c)) word += c;
        else if (!word.empty()) words.push_back(word), word.clear();
    }
    return words;
}

// Comments become blanks; lines stay where they are.
std::string WithoutComments(std::string text) {
    for (std::size_t k = 0; k + 1 < text.size(); k++) {
        if (text[k] == '/' && text[k + 1] == '/')
            while (k < text.size() && text[k] != '\n') text[k++] = ' ';
        else if (text[k] == '/' && text[k + 1] == '*') {
            while (k + 1 < text.size() && !(text[k] == '*' && text[k + 1] == '/')) {
                if (text[k] != '\n') text[k] = ' ';
                k++;
            }
            if (k + 1 < text.size()) text[k] = text[k + 1] = ' ';
        }
    }
    return text;
}

u32 BytesOf(const std::string& type, u32 line) {
    if (type == "pred") return 1;
    if (type == "f16x2" || type == "tf32") return 4;
    std::size_t digit = type.find_first_of("0123456789");
    if (digit == std::string::npos) throw PtxError("line " + std::to_string(line) + ": unknown type ." + type);
    return (u32)std::atoi(type.c_str() + digit) / 8;
}

bool IsType(const std::string& part) {
    if (part == "pred" || part == "tf32" || part == "f16x2") return true;
    return part.size() >= 2 && part.size() <= 3 && std::strchr("bsuf", part[0]) && std::isdigit((unsigned char)part[1]) && part[1] != '0';
}

struct Register {
    s32 Slot;
    bool Wide;
};

// Reads one module.
class Reader {
    std::string _text, _title;
    std::size_t _at = 0;
    u32 _line = 1;
    std::unique_ptr<Module> _module = std::make_unique<Module>();
    std::vector<std::pair<std::string, u32>> _moduleShared;  // name and offset, of shared memory outside of kernels
    u32 _moduleSharedBytes = 0;
    std::string _dynamicShared;

    Kernel* _kernel = nullptr;
    std::vector<std::unordered_map<std::string, Register>> _registers;
    std::unordered_map<std::string, u32> _labels, _tables, _local;
    std::unordered_map<std::string, s64> _shared;
    std::vector<std::pair<u32, std::string>> _branches, _indexed;
    std::vector<std::vector<std::string>> _tableLabels;
    std::unordered_map<u64, s32> _constants[2];

public:
    explicit Reader(const std::string& text) : _text(WithoutComments(text)) {
        if (text.compare(0, 3, "// ") == 0) _title = Trim(text.substr(3, text.find('\n') - 3));
    }

    std::unique_ptr<Module> Read() {
        while (SkipBlanks()) ReadDirective();
        return std::move(_module);
    }

private:
    [[noreturn]] void Error(const std::string& what) const { throw PtxError("line " + std::to_string(_line) + ": " + what); }

    bool SkipBlanks() {
        while (_at < _text.size() && (std::isspace((unsigned char)_text[_at]) || _text[_at] == '\0')) Advance();
        return _at < _text.size();
    }

    void Advance() {
        if (_text[_at++] == '\n') _line++;
    }

    std::string Until(const char* ends) {
        std::string part;
        while (_at < _text.size() && !std::strchr(ends, _text[_at])) {
            part += _text[_at];
            Advance();
        }
        return Trim(part);
    }

    void ReadDirective() {
        if (_text.compare(_at, 8, ".version") == 0 || _text.compare(_at, 7, ".target") == 0 || _text.compare(_at, 13, ".address_size") == 0) {
            Until("\n");
            return;
        }

        std::string head = Until(";{(");
        if (_at >= _text.size()) Error("the module ends within: " + head);
        if (head.find(".entry") != std::string::npos) {
            ReadKernel(Words(head).back());
            return;
        }

        if (_text[_at] == ';' && head.find(".shared") != std::string::npos) {
            Advance();
            DeclareShared(head, true);
            return;
        }

        Error("only kernels and shared memory are known outside of a kernel, not: " + head);
    }

    // .shared .align 16 .b8 name[64], or .extern with [] for dynamic memory.
    void DeclareShared(const std::string& text, bool module) {
        auto words = Words(text);
        u32 align = 1, element = 1;
        std::string name;
        for (std::size_t k = 0; k < words.size(); k++) {
            if (words[k] == ".align") align = (u32)std::atoi(words[++k].c_str());
            else if (words[k][0] == '.' && IsType(words[k].substr(1))) element = BytesOf(words[k].substr(1), _line);
            else if (words[k][0] != '.') name += words[k];
        }

        if (align < element) align = element;
        std::size_t bracket = name.find('[');
        std::string plain = name.substr(0, bracket);
        u32 count = bracket == std::string::npos ? 1 : (u32)std::strtoul(name.c_str() + bracket + 1, nullptr, 10);
        if (text.find(".extern") != std::string::npos) {
            _dynamicShared = plain;
            return;
        }

        u32& size = module ? _moduleSharedBytes : _kernel->StaticShared;
        size = (size + align - 1) / align * align;
        if (module) _moduleShared.push_back({plain, size});
        else _shared[plain] = size;
        size += count * element;
    }

    void ReadKernel(const std::string& name) {
        auto kernel = std::make_unique<Kernel>();
        _kernel = kernel.get();
        _kernel->Name = name;
        _kernel->Title = _title.empty() ? name : _title;
        _kernel->Slots = SpecialCount;
        _kernel->Widths.assign(SpecialCount, 1);
        _kernel->StaticShared = _moduleSharedBytes;
        _registers.assign(1, {});
        _labels.clear(), _tables.clear(), _local.clear(), _shared.clear(), _branches.clear(), _indexed.clear(), _tableLabels.clear();
        _constants[0].clear(), _constants[1].clear();
        for (auto& [n, offset] : _moduleShared) _shared[n] = offset;
        AddSpecialRegisters();

        if (_text[_at] == '(') {
            Advance();
            std::string parameters = Until(")");
            Advance();
            for (auto& parameter : Split(parameters, ',')) DeclareParameter(parameter);
        }

        std::string attributes = Until("{");
        std::size_t maximum = attributes.find(".maxntid");
        if (maximum != std::string::npos) {
            auto sizes = Split(attributes.substr(maximum + 8), ',');
            u32 product = 1;
            for (std::size_t k = 0; k < sizes.size() && k < 3; k++) product *= (u32)std::max(1, std::atoi(sizes[k].c_str()));
            _kernel->MaxThreads = std::min(_kernel->MaxThreads, product);
        }

        Advance();
        ReadBody();
        Resolve();
        FindRejoins(*_kernel);
        ComputeAsOnGpu(*_kernel);
        _module->Kernels[name] = std::move(kernel);
    }

    void DeclareParameter(const std::string& text) {
        auto words = Words(text);
        u32 align = 1, element = 1;
        std::string name;
        for (std::size_t k = 0; k < words.size(); k++) {
            if (words[k] == ".align") align = (u32)std::atoi(words[++k].c_str());
            else if (words[k][0] == '.' && IsType(words[k].substr(1))) element = BytesOf(words[k].substr(1), _line);
            else if (words[k][0] != '.') name += words[k];
        }

        if (align < element) align = element;
        std::size_t bracket = name.find('[');
        u32 count = bracket == std::string::npos ? 1 : (u32)std::strtoul(name.c_str() + bracket + 1, nullptr, 10);
        u32 offset = (_kernel->ParameterBytes + align - 1) / align * align;
        _kernel->Parameters[name.substr(0, bracket)] = {offset, count * element};
        _kernel->ParameterBytes = offset + count * element;
    }

    void AddSpecialRegisters() {
        static const char* names[] = {"%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z",
                                      "%laneid", "%warpid", "%nwarpid", "%smid", "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge", "%clock",
                                      "%dynamic_smem_size", "_"};
        static_assert(sizeof(names) / sizeof(*names) == SpecialCount);
        for (s32 k = 0; k < SpecialCount; k++) _registers[0][names[k]] = {k, false};
    }

    void ReadBody() {
        while (true) {
            if (!SkipBlanks()) Error("the kernel does not end");
            char c = _text[_at];
            if (c == '{') {
                Advance();
                _registers.emplace_back();
            } else if (c == '}') {
                Advance();
                _registers.pop_back();
                if (_registers.empty()) return;
            } else if (c == ';') Advance();
            else ReadStatement();
        }
    }

    void ReadStatement() {
        u32 line = _line;
        std::string text;
        int depth = 0;
        while (_at < _text.size()) {
            char c = _text[_at];
            if (c == ';' && depth == 0) break;
            if (c == '{' || c == '[') depth++;
            if (c == '}' || c == ']') depth--;
            if (c == ':' && depth == 0 && text.find_first_of(" \t") == std::string::npos) {
                Advance();
                _labels[Trim(text)] = (u32)_kernel->Code.size();
                ReadTargets(Trim(text));
                return;
            }
            text += c;
            Advance();
        }

        if (_at >= _text.size()) Error("a statement does not end");
        Advance();
        text = Trim(text);
        if (text[0] == '.') Declare(text);
        else Decode(text, line);
    }

    // A label may begin a list of branch targets.
    void ReadTargets(const std::string& label) {
        SkipBlanks();
        if (_text.compare(_at, 14, ".branchtargets") != 0) return;
        std::string text = Until(";");
        Advance();
        _tables[label] = (u32)_tableLabels.size();
        _tableLabels.push_back(Split(text.substr(14), ','));
    }

    void Declare(const std::string& text) {
        if (text.compare(0, 4, ".reg") == 0) {
            auto words = Words(text);
            if (words.size() < 3) Error("a declaration of registers without type or name: " + text);
            u32 bytes = BytesOf(words[1].substr(1), _line);
            std::string names = text.substr(text.find(words[1]) + words[1].size());
            for (auto& name : Split(names, ',')) {
                std::size_t many = name.find('<');
                if (many == std::string::npos) AddRegister(name, bytes);
                else
                    for (int k = 0, n = std::atoi(name.c_str() + many + 1); k < n; k++) AddRegister(name.substr(0, many) + std::to_string(k), bytes);
            }
        } else if (text.compare(0, 7, ".shared") == 0) DeclareShared(text, false);
        else if (text.compare(0, 7, ".pragma") == 0 || text.compare(0, 4, ".loc") == 0) return;
        else if (text.compare(0, 6, ".local") == 0) DeclareLocal(text);
        else Error("unknown declaration: " + text);
    }

    void DeclareLocal(const std::string& text) {
        u32 before = _kernel->StaticShared;
        _kernel->StaticShared = _kernel->LocalBytes;
        auto names = _shared;
        DeclareShared(text, false);
        _kernel->LocalBytes = (_kernel->StaticShared + 15) / 16 * 16;
        _kernel->UsesLocal = true;
        _kernel->StaticShared = before;
    }

    void AddRegister(const std::string& name, u32 bytes) {
        _registers.back()[name] = {(s32)_kernel->Slots++, bytes == 8};
        _kernel->Widths.push_back(bytes == 8 ? 2 : bytes > 1);
    }

    const Register* FindRegister(const std::string& name) const {
        for (auto scope = _registers.rbegin(); scope != _registers.rend(); ++scope) {
            auto known = scope->find(name);
            if (known != scope->end()) return &known->second;
        }
        return nullptr;
    }

    s32 Constant(u64 value, bool wide) {
        auto known = _constants[wide].find(value);
        if (known != _constants[wide].end()) return known->second;
        Slot slot;
        for (int l = 0; l < WarpSize; l++)
            if (wide) slot.d[l] = value;
            else slot.w[l] = (u32)value;
        _kernel->Constants.push_back(slot);
        return _constants[wide][value] = ~(s32)(_kernel->Constants.size() - 1);
    }

    // The offset of a name of shared or local memory; dynamic memory follows the static one.
    bool FindSymbol(const std::string& name, s64& value) const {
        auto known = _shared.find(name);
        if (known != _shared.end()) return value = known->second, true;
        if (!_dynamicShared.empty() && name == _dynamicShared) return value = (_kernel->StaticShared + 15) / 16 * 16, true;
        return false;
    }

    s32 Operand(const std::string& text, bool wide, const std::string& type) {
        if (auto* known = FindRegister(text)) return known->Slot;
        s64 symbol;
        if (FindSymbol(text, symbol)) return Constant((u64)symbol, wide);
        if (text == "WARP_SZ") return Constant(32, wide);
        if (text.size() > 2 && text[0] == '0' && (text[1] == 'f' || text[1] == 'F')) return Constant(std::strtoul(text.c_str() + 2, nullptr, 16), false);
        if (text.size() > 2 && text[0] == '0' && (text[1] == 'd' || text[1] == 'D')) return Constant(std::strtoull(text.c_str() + 2, nullptr, 16), true);
        if (std::isdigit((unsigned char)text[0]) || ((text[0] == '-' || text[0] == '+') && text.size() > 1)) {
            if (type[0] == 'f' && text.find("0x") == std::string::npos) {
                double real = std::strtod(text.c_str(), nullptr);
                float single = (float)real;
                u64 bits = 0;
                if (wide) std::memcpy(&bits, &real, 8);
                else std::memcpy(&bits, &single, 4);
                return Constant(bits, wide);
            }
            return Constant(text[0] == '-' ? (u64)std::strtoll(text.c_str(), nullptr, 0) : std::strtoull(text.c_str(), nullptr, 0), wide);
        }
        Error("unknown operand " + text);
    }

    // [base], [base+offset], [base-offset]; a parameter's base is its place among the arguments.
    s32 Address(const std::string& text, bool parameter, s64& offset, bool& wide) {
        std::string inner = Trim(text.substr(1, text.size() - 2)), base = inner;
        offset = 0;
        std::size_t sign = inner.find_first_of("+-", 1);
        if (sign != std::string::npos) {
            base = Trim(inner.substr(0, sign));
            std::string number = Trim(inner.substr(sign + 1));
            offset = std::strtoll(number.c_str(), nullptr, 0);
            if (inner[sign] == '-') offset = -offset;
        }

        if (parameter) {
            auto known = _kernel->Parameters.find(base);
            if (known == _kernel->Parameters.end()) Error("unknown parameter " + base);
            offset += known->second.Offset;
            return Sink;
        }

        if (auto* known = FindRegister(base)) return wide = known->Wide, known->Slot;
        s64 symbol;
        wide = true;
        if (FindSymbol(base, symbol)) return Constant((u64)symbol, true);
        if (std::isdigit((unsigned char)base[0])) return Constant(std::strtoull(base.c_str(), nullptr, 0), true);
        Error("unknown address " + text);
    }

    void Decode(const std::string& statement, u32 line) {
        Instruction i;
        std::string text = statement;
        i.Line = line;
        i.Index = (u32)_kernel->Code.size();
        if (text[0] == '@') {
            std::size_t end = text.find_first_of(" \t");
            std::string guard = text.substr(1, end - 1);
            i.GuardNegated = guard[0] == '!';
            i.Guard = Operand(i.GuardNegated ? guard.substr(1) : guard, false, "pred");
            text = Trim(text.substr(end));
        }

        std::size_t end = text.find_first_of(" \t\n");
        std::string name = end == std::string::npos ? text : text.substr(0, end);
        auto operands = end == std::string::npos ? Parts{} : Split(text.substr(end), ',');
        auto opcode = Split(name, '.');
        if (!DecodeFlow(i, opcode, operands)) DecodeOperation(i, opcode, operands, statement);
        _kernel->Code.push_back(i);
        _kernel->Text.push_back(statement);
    }

    bool DecodeFlow(Instruction& i, const Parts& opcode, const Parts& operands) {
        auto& operation = opcode[0];
        i.Uniform = Has(opcode, "uni");
        if (operation == "bra") {
            i.Kind = Flow::Branch;
            _branches.push_back({i.Index, operands.at(0)});
        } else if (operation == "brx") {
            i.Kind = Flow::BranchIndexed;
            i.Op[0] = Operand(operands.at(0), false, "u32");
            _indexed.push_back({i.Index, operands.at(1)});
        } else if (operation == "ret" || operation == "exit") i.Kind = Flow::Exit;
        else if ((operation == "bar" || operation == "barrier") && (Has(opcode, "sync") || Has(opcode, "red")) && !Has(opcode, "warp")) {
            i.Kind = Has(opcode, "red") ? Flow::BarrierReduction : Flow::Barrier;
            if (i.Kind == Flow::Barrier) {
                if (operands.size() != 1 || operands[0] != "0") Error("only barrier 0 with all threads of a block is known");
            } else {
                i.Mode = Has(opcode, "popc") ? 0 : Has(opcode, "and") ? 1 : 2;
                i.Op[0] = Operand(operands.at(0), false, "pred");
                i.Op[1] = Operand(operands.back(), false, "pred");
            }
        } else return false;
        return true;
    }

    void DecodeOperation(Instruction& i, const Parts& opcode, const Parts& operands, const std::string& statement) {
        std::string type = "b32";
        for (auto& part : opcode)
            if (IsType(part)) type = part;
        bool wide = BytesOf(type, i.Line) == 8, parameter = opcode[0] == "ld" && Has(opcode, "param");
        bool narrowSecond = opcode[0] == "shl" || opcode[0] == "shr", widening = Has(opcode, "wide");
        std::size_t n = 0, addresses = 0, position = 0;
        auto add = [&](s32 operand) {
            if (n >= i.Op.size()) Error("too many operands: " + statement);
            i.Op[n++] = operand;
        };
        for (auto& operand : operands) {
            bool isWide = widening ? position == 3 : wide && !(narrowSecond && position == 2);
            if (opcode[0] == "cp") isWide = false;
            if (operand[0] == '[') {
                if (addresses++ == 0) add(Address(operand, parameter, i.Offset, i.Address64));
                else add(Address(operand, parameter, i.Offset2, i.Address64b));
            } else if (operand[0] == '{') {
                for (auto& element : Split(operand.substr(1, operand.size() - 2), ',')) add(Operand(element, isWide, type));
            } else if (operand.find('|') != std::string::npos) {
                for (auto& element : Split(operand, '|')) add(Operand(element, isWide, type));
            } else add(Operand(operand, isWide, type));
            position++;
        }

        i.Target = (u32)n;
        if (opcode[0] == "cp" && Has(opcode, "shared")) i.Mode = operands.size() > 3;
        for (auto find : {FindMemory, FindArithmetic, FindConversion, FindWarp, FindMatrix})
            if ((i.Run = find(opcode, i))) return;
        Error("the emulator does not know this instruction: " + statement);
    }

    u32 Label(const std::string& name) const {
        auto known = _labels.find(name);
        if (known == _labels.end()) Error("unknown label " + name);
        return known->second;
    }

    void Resolve() {
        for (auto& [index, label] : _branches) _kernel->Code[index].Target = Label(label);
        for (auto& [index, label] : _indexed) {
            auto known = _tables.find(label);
            if (known == _tables.end()) Error("unknown list of branch targets " + label);
            _kernel->Code[index].Table = known->second;
        }

        for (auto& labels : _tableLabels) {
            _kernel->Tables.emplace_back();
            for (auto& label : labels) _kernel->Tables.back().push_back(Label(label));
        }
    }
};

}  // namespace

std::string OpcodeOf(const std::string& statement) {
    std::size_t from = 0;
    if (statement[0] == '@') from = statement.find_first_not_of(" \t", statement.find_first_of(" \t"));
    return statement.substr(from, statement.find_first_of(" \t\n", from) - from);
}

std::unique_ptr<Module> ReadModule(const std::string& text) { return Reader(text).Read(); }

}  // namespace emulator
