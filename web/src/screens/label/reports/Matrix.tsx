/** The same names down and across, with something where each two meet. */
import { Table } from "@mantine/core";
import type { TableTdProps } from "@mantine/core";
import classes from "@/screens/label/label.module.css";
import { Sideways } from "@/ui/ShortTable";

type Cell = TableTdProps & { "data-level"?: string | undefined };

export function Matrix({ names, cell }: { names: readonly string[]; cell: (row: number, column: number) => Cell }) {
  return (
    <Sideways>
      <Table className={classes.matrix} w="auto" withTableBorder withColumnBorders>
        <Table.Thead>
          <Table.Tr>
            <Table.Td />
            {names.map((name) => (
              <Table.Th key={name} scope="col">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {names.map((name, row) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              {names.map((other, column) => (
                <Table.Td key={other} {...cell(row, column)} />
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Sideways>
  );
}
