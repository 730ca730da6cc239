import { expect, it } from "vitest";
import { csv } from "@/ui/download";

it("writes CSV that a spreadsheet does not run", () => {
  const columns = [
    { id: "a", title: "A", cell: () => null, value: (row: { a: string }) => row.a },
    { id: "n", title: 'N "x"', cell: () => null, value: () => 1.5 },
  ];
  expect(csv([{ a: "=1+1" }, { a: 'say "hi", you\n' }], columns)).toBe(
    "A,\"N \"\"x\"\"\"\r\n'=1+1,1.5\r\n\"say \"\"hi\"\", you\n\",1.5\r\n",
  );
});
